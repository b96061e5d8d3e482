export function faultTable(directory: string, options?: { long?: boolean }): string;
export function skippedFaults(directory: string): number;
export function upperBound(lost: number, calls: number): number;
