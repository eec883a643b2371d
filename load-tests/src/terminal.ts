/** Where a person sees how far the test is. Handed in: this package knows what to say, not how a terminal moves. */

export interface Step {
  /** Where the step is, shown while it lasts. */
  progress(text: string): void
  /** The step is over; its line stays. */
  done(text: string): void
}

export interface Terminal {
  step(name: string): Step
  /** A line of its own. */
  say(text: string): void
}
