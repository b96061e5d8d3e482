import { incidentKinds } from '../routing/kind.ts';

// What is said of an incident on the telephone, as the names of prompts (asterisk-config/sounds).

/** What happened; nothing for what nobody has classified, and for what no agency is sent to. */
export function spokenKind(kind: string | null): string[] {
  return incidentKinds.some((id) => id === kind) ? [`kind-${kind}`] : [];
}

/** Where: the prompt that a district of this name has, if any was made for it. Nothing for a name without letters or digits. */
export function spokenDistrict(district: string | null): string[] {
  const plain = (district ?? '').normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const slug = plain
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
    .join('-');
  return slug === '' ? [] : [`district-${slug}`];
}

/** The incident's number, digit by digit. */
export function spokenNumber(incidentNumber: string): string[] {
  return ['incident-number', ...Array.from(incidentNumber, (digit) => `digit-${digit}`)];
}
