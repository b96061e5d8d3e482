/** The same value, in which any change from now on is an error: for what a decision is handed and may not change. */
export function unchanging<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) unchanging(part);
  }
  return value;
}
