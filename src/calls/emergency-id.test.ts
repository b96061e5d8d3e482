import { callInfoOf, emergencyIdentifiers } from './emergency-id.ts';

const own = { callId: '0195f1e0-1111-7000-8000-0000000000aa', incidentId: '0195f1e0-2222-7000-8000-0000000000bb' };
const minted = {
  callId: 'urn:emergency:uid:callid:0195f1e0111170008000' + '0000000000aa:siaga.example',
  incidentId: 'urn:emergency:uid:incidentid:0195f1e0222270008000' + '0000000000bb:siaga.example',
};
const read = (callInfo: string) => emergencyIdentifiers(callInfo, own, 'siaga.example');
const call = 'urn:emergency:uid:callid:a56e556d871:bcf.state.pa.us';
const incident = 'urn:emergency:uid:incidentid:b56e556d871:bcf.state.pa.us';

test.each([
  ['NENA', 'emergency-CallId', 'emergency-IncidentId'],
  ['ETSI', 'EmergencyCallData.CallId', 'EmergencyCallData.IncidentId'],
  ['whatever case', 'EMERGENCY-CALLID', 'emergencycalldata.incidentid'],
])('identifiers come with the purposes of %s', (_who, callPurpose, incidentPurpose) => {
  expect(read(`<${call}>;purpose=${callPurpose}, <${incident}>;purpose=${incidentPurpose}`)).toEqual({
    callId: call,
    incidentId: incident,
  });
  expect(read(`<${incident}> ; purpose = "${incidentPurpose}",<${call}>;x="y";purpose=${callPurpose}`)).toEqual({
    callId: call,
    incidentId: incident,
  });
});

test('each is minted where it is absent, as 32 letters and digits at our host', () => {
  expect(read('')).toEqual(minted);
  expect(read(`<${call}>;purpose=emergency-CallId`)).toEqual({ ...minted, callId: call });
  expect(read(`<${incident}>;purpose=emergency-IncidentId`)).toEqual({ ...minted, incidentId: incident });
  expect(read('<https://host/eido/1>;purpose=emergency-eido,<cid:1@h>;purpose=EmergencyCallData.DeviceInfo')).toEqual(
    minted,
  );
});

test.each([
  ['too short an id', 'urn:emergency:uid:callid:a56e556d8:h'],
  ['too long an id', `urn:emergency:uid:callid:${'a'.repeat(33)}:h`],
  ['no host', 'urn:emergency:uid:callid:a56e556d871:'],
  ['another urn', 'urn:uuid:a56e556d871'],
  ['an incident', incident],
  ['a line break and a header', 'urn:emergency:uid:callid:a56e556d871:h\r\nX-Evil: 1'],
  ['a variable of the dialplan', 'urn:emergency:uid:callid:a56e556d871:${SHELL(id)}'],
  ['a quote', 'urn:emergency:uid:callid:a56e556d871:h"'],
  ['another value', 'urn:emergency:uid:callid:a56e556d871:h>,<sip:evil'],
])('a call identifier with %s is replaced by our own', (_what, uri) => {
  expect(read(`<${uri}>;purpose=emergency-CallId`)).toEqual(minted);
});

test('one that was cut, or whose purpose says another thing, does not count', () => {
  expect(read(`<${call}>;purpose=emergency-Cal`)).toEqual(minted);
  expect(read(`<${call}`)).toEqual(minted);
  expect(read(`<${call}>`)).toEqual(minted);
  expect(read(`<${call}>;purpose=emergency-CallId_x`)).toEqual(minted);
  expect(read(`${call};purpose=emergency-CallId`)).toEqual(minted);
});

test('of several the first counts, also behind a broken one', () => {
  const second = call.replace('a56e', 'ffff');
  expect(
    read(`<x>;purpose=emergency-CallId, <${call}>;purpose=emergency-CallId, <${second}>;purpose=emergency-CallId`),
  ).toEqual({
    ...minted,
    callId: call,
  });
});

test('what goes to an agency can be read again', () => {
  const given = { callId: call, incidentId: incident };
  expect(callInfoOf(given)).toBe(`<${call}>;purpose=emergency-CallId,<${incident}>;purpose=emergency-IncidentId`);
  expect(read(callInfoOf(given))).toEqual(given);
  expect(emergencyIdentifiers(callInfoOf(minted), { callId: 'x', incidentId: 'y' }, 'h')).toEqual(minted);
});
