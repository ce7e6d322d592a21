/** Browser tokens: asked of the page, kept until shortly before their end, never stored. */

export type Minted = string | { token: string; expires_at?: string };
export type Mint = () => Promise<Minted>;

const RENEWED_BEFORE_END_MS = 30_000;

/** The page has no token for its user. */
export class NoToken extends Error {}

export class Tokens {
  private asked: Promise<string> | null = null;
  private endsAtMs = Infinity;

  constructor(private readonly mint: Mint) {}

  /** Return a token that lives; whoever asks at the same time gets the same. */
  async current(): Promise<string> {
    if (!this.asked || Date.now() > this.endsAtMs - RENEWED_BEFORE_END_MS) {
      this.endsAtMs = Infinity;
      const asked = this.ask();
      this.asked = asked;
      asked.catch(() => {
        if (this.asked === asked) this.asked = null;
      });
    }
    return this.asked;
  }

  /** Forget a token that the hub takes no more, unless there is a newer one already. */
  async drop(token: string): Promise<void> {
    const asked = this.asked;
    if (asked && (await asked) === token && this.asked === asked) this.asked = null;
  }

  private async ask(): Promise<string> {
    let minted: Minted;
    try {
      minted = await this.mint();
    } catch (error) {
      throw new NoToken(String(error));
    }
    const { token, expires_at } = typeof minted === "string" ? { token: minted } : minted;
    if (!token) throw new NoToken("no token");
    const endsAtMs = expires_at ? Date.parse(expires_at) : NaN;
    // Not so that a clock that is wrong by minutes asks for a token with each request.
    if (endsAtMs - RENEWED_BEFORE_END_MS > Date.now()) this.endsAtMs = endsAtMs;
    return token;
  }
}

/** Return what asks an address of the page's own server for a token. */
export function mintAt(address: string, csrfToken: string | null): Mint {
  return async () => {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (csrfToken) headers["X-CSRFToken"] = csrfToken;
    const answer = await fetch(address, { method: "POST", credentials: "same-origin", headers });
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return answer.json();
  };
}
