-- Everyone who talked on a call may know of its confidential incident, not the latest alone.
alter table calls add column talked uuid[] not null default '{}';
update calls set talked = array(
  select distinct (t.detail->>'operatorId')::uuid from timeline t
  where t.call_id = calls.id and t.type in ('operator.talking', 'party.joined') and t.detail->>'operatorId' ~ '^[0-9a-f-]{36}$')
where operator_id is not null;
