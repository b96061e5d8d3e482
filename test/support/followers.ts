import type { Follow } from '../../src/dispatch/followed.ts';

/** Rooms without crews and clocks. */
export const noFollowers: Follow = () => Promise.resolve({ steps: new Map(), clocks: [] });
