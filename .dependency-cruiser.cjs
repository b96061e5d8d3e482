// DESIGN: in a room, the file named after the noun and the decision files are pure and import only pure files;
// stores, routes and workers belong to their own room's wiring; platform and asterisk import no room.
const pure =
  '/(pidf-lo/[a-z-]+|pani|aml|aml-sms|aml-https|aml-received|call|call-input|call-effect|cause|step|line|apply-dispatch|backup-centre|operator|incident|rule|dispatch|next-path|agency|decide[a-z-]*|assign|seats|reserve|line-outcome|line-policy|line-watch|queue|evaluate|validate|identity|imei|sip-address|origin|emergency-id|history|ids|text|local-time|zoned-time|setting|line-setting|triage-setting|outgoing-setting|city|fix|location|best-fix|shape|sent-location|invite|area-codes|plain-text|district-map|read-district-map|desk|service-level|geolocation-header|codes|evacuation|limits|outgoing|silence|monitor|party|key-codes|recipient|notification|message|signature|voice-message|score|callback|places|redial|channels)[.]ts$';
// What a pure file may use beside: schemas, and hashing, which is a function of its input.
const pureHelpers = [
  '(^|node_modules/)(zod|uuid|fast-xml-parser|libphonenumber-js|@turf/[a-z-]+|geojson|@types/geojson)(/|$)',
  '^(node:)?crypto$',
];
const rooms =
  'access|acd|agencies|calls|codes|dispatch|evacuation|events|incidents|location|notifications|recordings|records|reports|routing|settings|triage|audit|outgoing';
module.exports = {
  forbidden: [
    {
      name: 'pure-imports-only-pure',
      severity: 'error',
      from: { path: '^src/.*' + pure },
      to: { pathNot: [pure, ...pureHelpers] },
    },
    {
      name: 'stores-routes-workers-stay-in-their-room',
      severity: 'error',
      from: { path: `^src/(${rooms})/` },
      to: { path: `^src/(${rooms})/(store|routes|worker)[.]ts$`, pathNot: '^src/$1/' },
    },
    {
      name: 'platform-and-asterisk-import-no-room',
      severity: 'error',
      from: { path: '^src/(platform|asterisk)/' },
      to: { path: `^src/(${rooms})/` },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '[.]test[.]ts$' },
  },
};
