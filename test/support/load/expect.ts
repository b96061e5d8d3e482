import { limitOfFault } from './limits.ts';
import { normalWithin, type Fault, type UnderLoad } from './under-load.ts';

/** A test: the fault strikes, nobody is lost, every call is on record once, and all is normal in time. */
export function meets(title: string, load: () => UnderLoad, fault: (load: UnderLoad) => Fault): void {
  test(title, () => expectNobodyLost(load(), fault(load())), limitOfFault);
}

export async function expectNobodyLost(load: UnderLoad, fault: Fault): Promise<void> {
  const { lost, recordsMissing, recordsDoubled, secondsUntilNormal, details } = await load.meet(fault);
  expect({ lost, recordsMissing, recordsDoubled, details }).toEqual({
    lost: 0,
    recordsMissing: 0,
    recordsDoubled: 0,
    details: [],
  });
  expect(secondsUntilNormal).not.toBeNull();
  expect(secondsUntilNormal).toBeLessThanOrEqual(fault.normalWithin ?? normalWithin);
}
