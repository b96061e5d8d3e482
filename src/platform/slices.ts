/** Runs a long computation to its end, and lets whatever else the process has to do come in between its steps. */
export async function inSlices<T>(steps: Iterator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
