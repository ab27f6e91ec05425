/**
 * Builds images and pushes them to zot, with the account, registry and prefix that zot-auth keeps in the variable beside the Actions secret.
 *
 * A tag is never overwritten: if the registry has it already, nothing is built or pushed.
 */
import { func, object } from "@dagger.io/dagger";
import type { Container, Directory, Secret } from "@dagger.io/dagger";
import { loginOf, publishOnce, trustSystemCertificates } from "./publishing.js";

@object()
export class ZotPublish {
  private readonly info: string;
  private readonly registry: string;
  private readonly prefix: string;

  /**
   * @param info the variable beside the Actions secret: vars.ZOT_CI_API_KEY_INFO
   * @param registry host of the registry, if `info` is not given: registry.example.net
   * @param prefix what image names begin with below the registry, if `info` is not given
   */
  constructor(info = "", registry = "", prefix = "") {
    this.info = info;
    this.registry = registry;
    this.prefix = prefix;
  }

  /** Builds containers/<name>/Dockerfile. Change this if your images are built in another way. */
  @func()
  build(src: Directory, containerName: string): Container {
    return src.directory(`containers/${containerName}`).dockerBuild();
  }

  /**
   * Builds an image and pushes it as v<version>-<first seven digits of the commit>, unless the registry has that tag. Returns a line that begins with "pushed" or
   * "skipped".
   *
   * @param registryUsername the account; from `info` if not given, otherwise zot-ci
   * @param registryPassword its key: env:ZOT_CI_API_KEY
   */
  // Dagger would otherwise remember the result of an earlier run with the same arguments.
  @func({ cache: "never" })
  async publish(
    src: Directory,
    containerName: string,
    version: string,
    commitSha: string,
    registryUsername?: string,
    registryPassword?: Secret,
  ): Promise<string> {
    trustSystemCertificates();
    const login = loginOf({ info: this.info, registry: this.registry, prefix: this.prefix, user: registryUsername });
    return publishOnce({
      login,
      name: containerName,
      version,
      commitSha,
      password: await registryPassword?.plaintext(),
      push: (image) => {
        const built = this.build(src, containerName);
        const signedIn =
          registryPassword === undefined ? built : built.withRegistryAuth(image, login.user, registryPassword);
        return signedIn.publish(image);
      },
    });
  }
}
