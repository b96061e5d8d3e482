-- What came of the messages to an agency, and which agencies still wait for theirs.
create index notifications_dispatch on notifications (dispatch_id) where dispatch_id is not null;
create index dispatches_untold on dispatches (requested_at) where mode = 'notify' and ended_at is null;
