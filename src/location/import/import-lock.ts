/**
 * The key of the advisory lock that lets one import of a kind run at a time, as SQL. Made-up towers are stored under it as
 * well, so that they never land beside the real ones of an import that is about to end.
 */
export function importLock(kind: 'cells' | 'subscribers'): string {
  return `hashtextextended('siaga_import_${kind}', 0)`;
}
