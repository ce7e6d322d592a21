/** GenHub's button for CKEditor 5, whether from npm or as the browser's build: `plugins: [genHubPlugin(CKEDITOR)]`. */

import type { GenHubPanel } from "./panel";
import type { Inserted } from "./types";
import "./panel.js";

// As much of CKEditor as is used: its own types come with its own package.
interface Editor {
  ui: { componentFactory: { add(name: string, make: (locale: unknown) => unknown): void } };
  config: { get(name: string): unknown };
  model: Model;
  editing: { view: { focus(): void } };
}
interface Node { is(kind: string, name?: string): boolean; getAttribute(name: string): unknown }
interface Writer {
  createElement(name: string, attributes?: Record<string, unknown>): Node;
  insertText(text: string, parent: Node): void;
  append(child: Node, parent: Node): void;
}
interface Model {
  change(act: (writer: Writer) => void): void;
  insertObject(node: Node, where: null, place: null, options: Record<string, string>): void;
  schema: { checkChild(parent: Node, child: string): boolean };
  document: { selection: { getSelectedElement(): Node | null } };
}
interface Button {
  set(values: Record<string, unknown>): void;
  on(name: string, act: () => void): void;
}
interface CKEditor {
  ButtonView: new (locale: unknown) => Button;
}

/** What stands under `genHub` in the editor's configuration. */
export interface Settings {
  /** Attributes of the panel: `token-url`, `hub`, `name`, `lang`, `csrf-token`, `link-days`, `theme`. */
  panel?: Record<string, string>;
  mintToken?: GenHubPanel["mintToken"];
  /** Keeps a copy in the page's own store and returns its address; without it the hub's link is put in. */
  store?: (picture: Inserted) => Promise<string>;
  /** Whether the caption says that a model made the picture; as a rule it does. */
  caption?: boolean;
}

const STAR = "M10 2.5l2.1 5.4 5.4 2.1-5.4 2.1L10 17.5l-2.1-5.4L2.5 10l5.4-2.1z";
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><path d="${STAR}"/></svg>`;
const IMAGES = ["imageBlock", "imageInline"];

/** Return the plugin, made of the CKEditor that the page has. Its button is called “genHub”. */
export function genHubPlugin({ ButtonView }: CKEditor) {
  return class GenHub {
    static get pluginName(): string {
      return "GenHub";
    }

    private panel: GenHubPanel | null = null;

    constructor(readonly editor: Editor) {}

    init(): void {
      const settings = (this.editor.config.get("genHub") ?? {}) as Settings;
      const panel = (this.panel = document.createElement("genhub-panel") as GenHubPanel);
      for (const [name, value] of Object.entries(settings.panel ?? {})) panel.setAttribute(name, value);
      panel.setAttribute("no-button", "");
      if (settings.store) panel.setAttribute("insert", "file");
      panel.mintToken = settings.mintToken ?? null;
      panel.addEventListener("genhub-insert", (event) => {
        const { detail } = event as CustomEvent<Inserted>;
        void put(this.editor, detail, settings).catch((error: unknown) => panel.complain(error));
      });
      document.body.append(panel);
      this.editor.ui.componentFactory.add("genHub", (locale) => {
        const view = new ButtonView(locale);
        view.set({ label: LABELS[panel.spoken], icon: ICON, withText: true });
        view.on("execute", () => open(this.editor, panel));
        return view;
      });
    }

    destroy(): void {
      this.panel?.remove();
    }
  };
}

const LABELS = { en: "AI picture", "zh-hans": "AI 生成图片" };

function open(editor: Editor, panel: GenHubPanel): void {
  const chosen = editor.model.document.selection.getSelectedElement();
  const source = IMAGES.some((name) => chosen?.is("element", name)) ? chosen?.getAttribute("src") : null;
  panel.show();
  // The article's own picture, where the hub can fetch it.
  if (typeof source === "string" && source.startsWith("https://")) void panel.useReference(source);
}

async function put(editor: Editor, picture: Inserted, { store, caption = true }: Settings): Promise<void> {
  const src = store ? await store(picture) : picture.url;
  const { model } = editor;
  model.change((writer) => {
    const image = writer.createElement("imageBlock", { src, alt: picture.alt });
    if (caption && model.schema.checkChild(image, "caption")) {
      const words = writer.createElement("caption");
      writer.insertText(picture.label, words);
      writer.append(words, image);
    }
    model.insertObject(image, null, null, { setSelection: "after", findOptimalPosition: "auto" });
  });
  editor.editing.view.focus();
}
