import type { DatadogPlan, Webhook } from './datadog-plan.ts';

/**
 * The webhook, its variable and a monitor, for Datadog's Terraform provider. `message` takes whom to call. The secret is a
 * variable of Terraform's; `${` begins an interpolation there, `$NAME` is left for Datadog.
 */
export function terraform(
  plan: DatadogPlan,
  webhook: Webhook,
  message: (mention: string) => string,
  variable: string,
): string {
  // Without a digit in front, which no name of Terraform's may have.
  const id = `dashover_${plan.name.replaceAll('-', '_')}`;
  const watched = plan.origins.length === 0 ? 'its own address' : plan.origins.join(', ');
  return `variable "dashover_token" {
  description = "the secret of a token of dashover.yaml with via: [datadog]"
  type        = string
  sensitive   = true
}

resource "datadog_webhook_custom_variable" "dashover_token" {
  name      = "${variable}"
  value     = var.dashover_token
  is_secret = true
}

resource "datadog_webhook" "${id}" {
  name      = ${text(webhook.name)}
  url       = ${text(webhook.url)}
  encode_as = "json"
  custom_headers = jsonencode({
${entries(webhook.headers)}
  })
  payload = jsonencode({
${entries(webhook.payload ?? {})}
  })
  depends_on = [datadog_webhook_custom_variable.dashover_token]
}

# Watches the origin (${watched}), never ${plan.names.join(', ') || 'the switched name'}:
# an http_check of the agent, named ${plan.name}-origin, that asks the origin by its own address.
resource "datadog_monitor" "${id}" {
  name    = "The origin of ${plan.name}"
  type    = "service check"
  query   = "\\"http.can_connect\\".over(\\"instance:${plan.name}-origin\\").by(\\"*\\").last(4).count_by_status()"
  message = <<-EOT
${message(`@webhook-\${datadog_webhook.${id}.name}`).replaceAll(/^/gm, '    ')}
  EOT

  monitor_thresholds {
    critical = 3
    ok       = 3
  }

  notify_no_data    = ${plan.noData === 'alert'}
  no_data_timeframe = 5
  renotify_interval = 60
}
`;
}

function entries(values: Readonly<Record<string, string>>): string {
  const widest = Math.max(...Object.keys(values).map((key) => key.length));
  return Object.entries(values)
    .map(([key, value]) => `    ${key.padEnd(widest)} = ${text(value)}`)
    .join('\n');
}

/** A text of Terraform's: JSON's quotes, and nothing in it that begins an interpolation. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll('${', '$${').replaceAll('%{', '%%{');
}
