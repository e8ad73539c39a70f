/** The webhooks that are declared, and which of them nothing can be sent to. */
import type { Config } from "../../config/config.ts";
import { lacksSecret } from "../../webhooks/declaration.ts";

export interface DescribedWebhook {
  url: string;
  ok: boolean;
  error?: string;
}

export function describeWebhooks({ webhooks }: Config): DescribedWebhook[] {
  return webhooks.map((webhook) => {
    const { url, secret } = webhook;
    return secret === null ? { url, ok: false, error: lacksSecret(webhook) } : { url, ok: true };
  });
}
