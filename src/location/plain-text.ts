/** Controls, invisible format characters (such as those that turn the writing direction), halves of characters, spaces. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu;

/** The text on one line with nothing in it that cannot be seen, cut after `most` characters. Pure and linear. */
export function plainText(text: string, most: number): string {
  // Cut before and after: cleaning must not run over megabytes, and a pair of surrogates counts as one character.
  const clean = text
    .slice(0, most * 8)
    .replace(unprintable, ' ')
    .trim();
  return Array.from(clean).slice(0, most).join('').trim();
}

/** What somebody sent, fit to stand in a reason that a person reads; cut after `most` characters. */
export function quoted(text: string, most = 40): string {
  const short = plainText(text, most + 1);
  return `"${Array.from(short).length > most ? `${plainText(short, most)}…` : short}"`;
}
