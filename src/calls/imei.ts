/**
 * The IMEI of a Contact header's `+sip.instance="<urn:gsma:imei:35824005-944763-1>"` (RFC 7254): 15 digits, the last one the
 * check digit. Null when there is none, or none that names one phone.
 */
export function imeiOf(contact: string): string | null {
  const urn = /urn:gsma:imei:([0-9]{8})-?([0-9]{6})(?:-?[0-9]{1,2})?(?![0-9-])/i.exec(contact);
  return urn === null ? null : normalisedImei(`${urn[1] ?? ''}${urn[2] ?? ''}`);
}

/**
 * An IMEI or IMEISV as 15 digits. The 14 digits of type allocation and serial number name the phone; networks send the
 * 15th as check digit or as 0, and two digits of software version instead (3GPP TS 23.003, 6.2). Null for anything else.
 */
export function normalisedImei(text: string): string | null {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^[0-9]{14,16}$/.test(digits)) return null;
  const phone = digits.slice(0, 14);
  // Nobody's phone: what a network or a cheap phone puts in where it has none.
  if (/^(\d)\1+$/.test(phone) || phone === '12345678901234') return null;
  return `${phone}${checkDigit(phone)}`;
}

/** Luhn's, as 3GPP TS 23.003, annex B, has it. */
function checkDigit(phone: string): number {
  const sum = Array.from(phone).reduce((total, sign, index) => {
    const doubled = Number(sign) * (index % 2 === 0 ? 1 : 2);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return (10 - (sum % 10)) % 10;
}
