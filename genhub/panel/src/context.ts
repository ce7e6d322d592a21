/** What every part of one panel shares. */

import type { Hub } from "./hub";
import type { Pictures } from "./pictures";
import type { Reviews } from "./reviews";
import type { Say } from "./words";

export interface Context {
  readonly hub: Hub;
  readonly say: Say;
  readonly pictures: Pictures;
  readonly reviews: Reviews;
  /** Of this panel among those of its page: its orders are found again by it. */
  readonly name: string;
  /** Tell those who do not see. */
  readonly announce: (text: string) => void;
  /** Tell everybody what did not work and what to do. */
  readonly complain: (error: unknown) => void;
  /** What was complained of is past. */
  readonly calm: () => void;
}
