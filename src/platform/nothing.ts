/** What is left to do where nothing is. */
export function nothing(): void {
  return undefined;
}
