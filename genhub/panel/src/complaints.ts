/** What did not work, in words, and what to do about it. */

import { Refusal, Unreachable } from "./hub";
import { NoToken } from "./tokens";
import type { Say, Word } from "./words";

// By the hub's code, which releases add to: those that are not here have the hub's words alone.
const ADVICE: Record<string, Word> = {
  insufficient_credits: "adviceCredits",
  budget_exceeded: "adviceBudget",
  budget_spent: "adviceBudget",
  token_credits_spent: "adviceTokenCredits",
  concurrency_reached: "adviceBusy",
  queue_full: "adviceBusy",
  rate_limited: "adviceBusy",
  uploads_busy: "adviceBusy",
  prompt_refused: "adviceWords",
  prompt_too_long: "adviceLength",
  purse_frozen: "adviceStaff",
  user_stopped: "adviceStopped",
  price_unknown: "adviceStaff",
  cost_unknown: "adviceStaff",
  origin_not_allowed: "adviceSetUp",
  token_not_enough: "adviceSetUp",
  token_invalid: "adviceSignIn",
  not_found: "adviceGone",
  picture_rejected: "adviceAnother",
};

export interface Complaint {
  title: string;
  detail: string;
  advice: string;
}

/** Return an error as its reader understands it. */
export function word(error: unknown, say: Say): Complaint {
  if (error instanceof Refusal) {
    const known = ADVICE[error.code] ?? (error.status >= 500 ? "adviceLater" : null);
    const advice = known ? say(known) : "";
    const after = error.retryAfterSeconds;
    return {
      title: error.title || say("refused"),
      // What each field lacks says more than that some do.
      detail: error.errors.map(({ message }) => message).join(" ") || error.message,
      advice: after ? `${advice} ${say("retryAfter", { seconds: Math.ceil(after) })}`.trim() : advice,
    };
  }
  if (error instanceof NoToken) {
    return { title: say("noToken"), detail: "", advice: say("adviceSignIn") };
  }
  if (error instanceof Unreachable) {
    return { title: say("unreachable"), detail: "", advice: say("adviceConnection") };
  }
  return { title: say("broken"), detail: String(error), advice: say("adviceReload") };
}

/** Return what to do about a task that failed. */
export function adviseFailure(code: string, say: Say): string {
  const known = ADVICE[code];
  return say(known ?? "adviceTryAgain");
}
