// Stands in for skopeo: `inspect`.
import { forThisMachine } from "./copy.ts";
import { Fatal } from "../errors.ts";
import type { Image } from "../images/image.ts";

interface Content {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly mediaType: string; readonly digest: string; readonly size: number }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

interface Config {
  readonly created?: string;
  readonly architecture?: string;
  readonly os?: string;
  readonly config?: { readonly Labels?: Readonly<Record<string, string>>; readonly Env?: readonly string[] };
}

/** Describes an image as skopeo does. `Digest` is that of the named manifest, even if it is an index. */
export async function inspectImage(image: Image, name: string, tags: readonly string[]): Promise<object> {
  const named = await image.manifest();
  let content = JSON.parse(named.bytes.toString()) as Content;
  if (content.manifests !== undefined) {
    const chosen = await image.manifest(forThisMachine(content.manifests));
    content = JSON.parse(chosen.bytes.toString()) as Content;
  }
  const config = JSON.parse((await image.blob(content.config.digest)).toString()) as Config;
  return {
    Name: name,
    Digest: named.digest,
    RepoTags: tags,
    Created: config.created ?? null,
    DockerVersion: "",
    Labels: config.config?.Labels ?? null,
    Architecture: config.architecture ?? "",
    Os: config.os ?? "",
    Layers: content.layers.map(({ digest }) => digest),
    LayersData: content.layers.map(({ mediaType, digest, size }) => ({
      MIMEType: mediaType,
      Digest: digest,
      Size: size,
      Annotations: null,
    })),
    Env: config.config?.Env ?? null,
  };
}

/** The image's configuration, as stored. */
export async function configOf(image: Image): Promise<string> {
  const { config } = JSON.parse((await image.manifest()).bytes.toString()) as Partial<Content>;
  if (config === undefined) throw new Fatal("the image has no configuration: it is an index");
  return (await image.blob(config.digest)).toString();
}

/** Evaluates a Go template that uses only fields: `{{.Name}}@{{.Digest}}`. */
export function formatted(template: string, shown: object): string {
  const fields = shown as Readonly<Record<string, unknown>>;
  return template.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (_, name: string) => {
    const value = fields[name];
    if (value === undefined) throw new Fatal(`template: can't evaluate field ${name} in type *inspect.Output`);
    return typeof value === "string" ? value : JSON.stringify(value);
  });
}
