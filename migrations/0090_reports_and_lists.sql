-- A year of a million calls: reports read an index and no rows, and lists with a filter find their page without passing over all
-- that it leaves out. Measured by `npm run bench -- reports`.
create index operator_states_report on operator_states (operator_id, at, id) include (state, reason);
drop index operator_states_of;
create index calls_talked on calls (first_talk_at) include (operator_id, arrived_at) where operator_id is not null;
create index calls_outcome on calls (outcome, arrived_at desc, id desc);
create index incidents_kind on incidents (kind, opened_at desc, id desc);
create index incidents_open on incidents (opened_at desc, id desc) where status = 'open';
create index callbacks_state on callbacks (state, created_at desc, id desc);
-- With how many phones a number was seen, and the other way round, is asked for every scored key.
create index calls_e164_phones on calls (e164, arrived_at desc) include (imei) where e164 is not null;
drop index calls_e164;
create index calls_imei_numbers on calls (imei, arrived_at desc) include (e164) where imei is not null;
drop index calls_imei;
