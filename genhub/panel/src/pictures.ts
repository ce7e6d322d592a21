/** Pictures of the hub as addresses that an <img> of this page can show: each is fetched with the token, once. */

import type { Hub } from "./hub";

export class Pictures {
  private readonly addresses = new Map<string, Promise<string>>();
  private readonly awaited = new Map<Element, () => void>();
  private readonly sight = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) this.begin(target);
  }, { rootMargin: "200px" });

  constructor(private readonly hub: Hub) {}

  /** Return the address of a picture of at most 1,024 pixels a side. */
  address(id: string): Promise<string> {
    let found = this.addresses.get(id);
    if (!found) {
      found = this.hub.ask(`artifacts/${id}/preview`).then(toAddress);
      found.catch(() => this.addresses.delete(id));
      this.addresses.set(id, found);
    }
    return found;
  }

  /** Return a small picture at an address of the hub, which comes when it is there; without it words must do. */
  thumbnail(address: string): HTMLImageElement {
    const image = document.createElement("img");
    image.alt = "";
    let found = this.addresses.get(address);
    if (!found) this.addresses.set(address, found = this.hub.ask(address).then(toAddress));
    found.then((shown) => { image.src = shown; }, () => { image.remove(); this.addresses.delete(address); });
    return image;
  }

  /** Show a picture in an <img> once it comes into sight. */
  show(image: HTMLImageElement, id: string, failed: (error: unknown) => void): void {
    this.awaited.set(image, () => {
      this.address(id).then((address) => { image.src = address; }, failed);
    });
    this.sight.observe(image);
  }

  /** Return a picture's file as the hub keeps it. */
  async file(id: string): Promise<Blob> {
    return (await this.hub.ask(`artifacts/${id}`)).blob();
  }

  /** Give back the memory of all pictures. */
  release(): void {
    this.sight.disconnect();
    this.awaited.clear();
    for (const address of this.addresses.values()) void address.then(URL.revokeObjectURL, () => undefined);
    this.addresses.clear();
  }

  private begin(image: Element): void {
    this.sight.unobserve(image);
    this.awaited.get(image)?.();
    this.awaited.delete(image);
  }
}

export async function toAddress(answer: Response): Promise<string> {
  return URL.createObjectURL(await answer.blob());
}
