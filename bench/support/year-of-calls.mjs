// A year of a city's calls, written by PostgreSQL itself: the same rows for the same number of calls and the same end. Of ten
// callers three hang up before anybody talks with them, one reports something real, the others are pranks, ghosts and silence.
import pg from 'pg';

/** In milliseconds. */
export const yearLong = 365 * 86_400_000;
/** Eight in each of three shifts. */
export const operatorId = (number) => `01a20000-0000-7000-8000-0000000f${String(number).padStart(4, '0')}`;

const functions = `
  create function pg_temp.mix(n bigint, salt int, below int) returns int language sql immutable
    return ((hashint8extended(n, salt) & 2147483647) % below)::int;
  create function pg_temp.id(at timestamptz, n bigint, tag int) returns uuid language sql immutable
    return (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(tag), 3, '0') || '8' ||
      lpad(to_hex(n), 15, '0'))::uuid;`;

/** What became of each call, for all tables alike. */
const story = `
  create temp table story as
  select n, at, pg_temp.id(at, n, 1) as call_id, pg_temp.id(at, n, 2) as incident_id,
    pg_temp.mix(n, 1, 1000) as luck, pg_temp.mix(n, 2, 1000) as more,
    '+628' || lpad((200000 * power(pg_temp.mix(n, 3, 100000) / 100000.0, 3))::int::text, 9, '1') as number,
    lpad((150000 * power(pg_temp.mix(n, 3, 100000) / 100000.0, 3))::int::text, 14, '3') as imei,
    ('01a20000-0000-7000-8000-0000000f' || lpad((extract(hour from at)::int / 8 * 8 + pg_temp.mix(n, 4, 8))::text, 4, '0'))::uuid
      as operator,
    (array['Abeli','Baruga','Kadia','Kambu','Kendari','Mandonga','Poasia','Wua-Wua'])[1 + pg_temp.mix(n, 5, 8)] as district
  from (select n, date_trunc('milliseconds', $1::timestamptz - make_interval(secs => (1 - n::float8 / $2) * ${yearLong / 1000})
      - make_interval(secs => 1)) as at from generate_series(1, $2::bigint) as n) as moments`;
const abandoned = 'luck < 300';
const real = 'luck >= 900';

const steps = [
  [
    'incidents',
    `insert into incidents (id, opened_at, version, status, kind, severity, district, disposition, notes)
     select incident_id, at, 3, case when n > $1::bigint - 200 and more < 300 then 'open' else 'closed' end,
       case when ${abandoned} then 'abandoned'
            when ${real} then (array['fire','medical','traffic-accident','flood','crime','fallen-tree','power-line','animal-rescue'])
              [1 + pg_temp.mix(n, 6, 8)]
            when luck = 300 then 'brawl' when luck < 600 then 'prank' when luck < 750 then 'ghost' else 'silent' end,
       case when ${real} then (array['low','moderate','high','critical'])[1 + more % 4] end, district,
       case when ${real} then 'agency-sent' end,
       case when ${real} then jsonb_build_array(jsonb_build_object('at', (extract(epoch from at) * 1000)::bigint, 'by', 'bench',
         'text', 'Asap tebal dari lantai dua, warga sudah keluar')) else '[]' end
     from story`,
  ],
  [
    'calls',
    `insert into calls (id, incident_id, node, channel_id, sip_call_id, arrived_at, answered_at, first_talk_at, ended_at, stage,
       outcome, reason, carrier, dialled, source, caller_number, headers, operator_id, talked, recorded_by, claimed_at, sequence,
       e164, imei, identity, emergency, location)
     select call_id, incident_id, 'node-1', 'bench-' || n, call_id || '@ims', at, at + interval '30 ms',
       case when not ${abandoned} then at + make_interval(secs => 3 + more / 200.0) end,
       at + make_interval(secs => case when ${abandoned} then 8 else 20 + more / 5 end), 'ended',
       case when ${abandoned} then 'abandoned' when luck = 301 then 'human-path' else 'answered' end,
       case when ${abandoned} then 'caller hung up before anybody talked with him' else 'caller hung up' end,
       (array['telkomsel','indosat','xl'])[1 + more % 3], '112', '198.51.100.7', number,
       jsonb_build_object('From', '<sip:' || number || '@ims>;tag=' || n, 'Contact', '<sip:a@b>;+sip.instance="<urn:gsma:imei:3>"',
         'P-Asserted-Identity', '<sip:' || number || '@ims.mnc010.mcc510.3gppnetwork.org;user=phone>',
         'P-Access-Network-Info', '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=5101012340ABCDE1;network-provided'),
       case when not ${abandoned} then operator end, case when not ${abandoned} then array[operator] else '{}' end,
       'controller', 1, 20, number, imei,
       jsonb_build_object('number', number, 'numberFrom', 'P-Asserted-Identity', 'imei', imei, 'callable', true,
         'notCallable', null, 'trunk', 'telkomsel', 'network', null),
       jsonb_build_object('callId', call_id, 'incidentId', incident_id),
       jsonb_build_object('networks', '[]'::jsonb, 'unusable', '[]'::jsonb, 'best', jsonb_build_object('fixId', call_id,
         'source', 'cell', 'method', 'Cell', 'position', jsonb_build_object('latitude', -3.97, 'longitude', 122.51), 'radius', 800,
         'address', null, 'district', district, 'districtCertain', true, 'outside', false, 'neighbour', null, 'at', 1,
         'madeUp', false, 'reason', 'the only one'))
     from story`,
  ],
  [
    'operator_states',
    `insert into operator_states (operator_id, at, state, reason, call_id)
     select operator, moment.at, moment.state, case when moment.state = 'paused' then 'meal' end, call_id from story,
       lateral (values (at + interval '2 seconds', 'ringing'), (at + make_interval(secs => 3 + more / 200.0), 'talking'),
         (at + make_interval(secs => 20 + more / 5), 'wrap-up'),
         (at + make_interval(secs => 35 + more / 5), case when luck = 400 then 'paused' else 'available' end)) as moment (at, state)
     where not ${abandoned} order by moment.at on conflict do nothing`,
  ],
  [
    'former_operators',
    `insert into former_operators (id, name, extension) select distinct operator, 'Operator ' || right(operator::text, 2),
       '9' || right(operator::text, 3) from story`,
  ],
  [
    'operator_sessions',
    `insert into operator_sessions (id, operator_id, desk_id, began_at, ended_at, ended_by)
     select distinct on (operator, at::date) pg_temp.id(at, n, 3), operator, operator, at, at + interval '8 hours', 'himself'
     from story order by operator, at::date, at`,
  ],
  [
    'callbacks',
    `insert into callbacks (id, call_id, incident_id, number, imei, abandoned_at, rang_seconds, repeats, nearby, district, rank, state,
       reviewed_by, created_at, changed_at)
     select pg_temp.id(at, n, 4), call_id, incident_id, number, imei, at + interval '8 seconds', 8, 0, false, district, more / 10,
       case when n > $1::bigint - 500 then 'listed' when luck < 100 then 'reviewed' when luck < 200 then 'reached' else 'redialled' end,
       null, at + interval '9 seconds', at + interval '5 minutes' from story where ${abandoned}`,
  ],
  [
    'nuisance_contributions',
    `insert into nuisance_contributions (key_kind, key, reason, points, at, call_id, cause)
     select 'number', number, case when luck < 600 then 'prank' else 'ghost' end, 3, at, call_id, 'incident:' || incident_id
     from story where luck between 300 and 749`,
  ],
  [
    'routing_decisions',
    `insert into routing_decisions (call_id, claimed_at, sequence, incident_id, at, rule_set_version, actions, tell, trace, facts)
     select call_id, 1, 12, incident_id, at + interval '40 seconds', 1,
       '[{"agencyId":"damkar","mode":"bridge","stage":1,"fallbacks":[],"ruleId":"fire"}]', '[]',
       '[{"ruleId":"fire","matched":true,"because":["kind fire is among fire"]},{"ruleId":"default","matched":false,"because":[]}]',
       jsonb_build_object('kind', 'fire', 'severity', 'high', 'district', district, 'weekday', 'mon', 'time', '12:00') from story
     where ${real}`,
  ],
  [
    'dispatches',
    `insert into dispatches (id, incident_id, call_id, agency_id, agency_name, mode, state, outcome, reason, requested_at, accepted_at,
       joined_at, ended_at, attempts)
     select pg_temp.id(at, n, 5 + nth), incident_id, call_id, agency, upper(agency), 'bridge', 'ended', 'accepted',
       '{"by":"rules","ruleSetVersion":1,"ruleId":"fire"}', at + interval '40 seconds', at + interval '50 seconds',
       at + interval '51 seconds', at + interval '3 minutes', '[]'
     from story, lateral (values (1, 'damkar'), (2, 'psc')) as sent (nth, agency) where ${real}`,
  ],
  [
    'timeline',
    `insert into timeline (call_id, claimed_at, sequence, position, incident_id, at, type, detail)
     select call_id, 1, step, 0, incident_id, at + make_interval(secs => step * 3), 'call.step', jsonb_build_object('step', step)
     from story, generate_series(1, case when ${real} then 12 else 3 end) as step`,
  ],
];

/**
 * Writes `calls` calls of the year before `end` (epoch milliseconds) into a database that has none, and gathers its statistics.
 * Indexes are made when the rows are there: so a million calls with all that belongs to them take a minute or two.
 */
export async function fillYear(url, { calls, end, say }) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    // Foreign keys hold by themselves here, and what is lost with the machine is made again.
    await client.query(
      `set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '512MB'`,
    );
    await client.query(functions);
    await client.query({ text: story, values: [new Date(end).toISOString(), calls] });
    const names = steps.map(([name]) => name);
    const { rows: indexes } = await client.query(
      `select indexname, indexdef from pg_indexes where tablename = any($1) and schemaname = 'public'
         and not exists (select 1 from pg_constraint c where c.conname = indexname)`,
      [names],
    );
    for (const { indexname } of indexes) await client.query(`drop index ${indexname}`);
    for (const [name, text] of steps) {
      const began = performance.now();
      const { rowCount } = await client.query({ text, values: text.includes('$1') ? [calls] : [] });
      say(`${rowCount} rows of ${name} in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
    }
    const began = performance.now();
    for (const { indexdef } of indexes) await client.query(indexdef);
    await client.query('drop table story');
    await client.query('vacuum analyze');
    say(`Indexes and statistics in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  } finally {
    await client.end();
  }
}
