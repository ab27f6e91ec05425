import type { Computed } from "../../../../provider/resource.ts";
import type { ApiKeyInputs, ApiKeyState } from "./apiKey.ts";
import type { KeyCleanupInputs, KeyCleanupState } from "./keyCleanup.ts";
import type { OtherKeysInputs, OtherKeysState } from "../otherKeys/otherKeys.ts";

export const apiKeyOutputs: Computed<ApiKeyInputs, ApiKeyState> = {
  uuid: true,
  label: true,
  generation: true,
  fingerprint: true,
  created: true,
  expires: true,
  rotates: true,
  superseded: true,
};

export const keyCleanupOutputs: Computed<KeyCleanupInputs, KeyCleanupState> = {
  formerOwners: true,
  formerAccounts: true,
  formerStores: true,
  storesGeneration: true,
  storeGenerations: true,
  seen: true,
  formerPlaces: true,
};

export const otherKeysOutputs: Computed<OtherKeysInputs, OtherKeysState> = {
  pending: true,
  due: true,
  unmanaged: true,
  retiring: true,
  watchedStores: true,
};
