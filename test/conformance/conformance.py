"""Takes each kind of object through its life with Cloudflare's official Python package.

Reads CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN, ACCOUNT_ID and ZONE_ID from the environment.
Prints one line per kind that passed; the first difference ends it with a traceback.
"""

import base64
import json
import os

import cloudflare
from cloudflare import Cloudflare

client = Cloudflare(max_retries=0)
account = {"account_id": os.environ["ACCOUNT_ID"]}
zone = {"zone_id": os.environ["ZONE_ID"]}
HOST = "comfyui.datacrew.space"


def ids(page):
    """The ids of everything in a list, over all its pages."""
    return [item.id for item in page]


def expect(found, wanted):
    if found != wanted:
        raise AssertionError(f"found {found!r}, wanted {wanted!r}")


def expect_status(status, call):
    try:
        call()
    except cloudflare.APIStatusError as error:
        expect(error.status_code, status)
    else:
        raise AssertionError(f"no refusal with {status}")


def accounts_and_zones():
    expect(ids(client.accounts.list()), [account["account_id"]])
    expect(client.accounts.get(**account).name, "Sandbox")
    expect(ids(client.zones.list(name="datacrew.space", account={"id": account["account_id"]})), [zone["zone_id"]])
    expect(client.zones.get(**zone).status, "active")
    expect(client.user.tokens.verify().status, "active")


def organization():
    organizations = client.zero_trust.organizations
    expect(organizations.list(**account).auth_domain, "datacrew.cloudflareaccess.com")
    expect(organizations.update(**account, session_duration="12h").session_duration, "12h")


def identity_provider():
    providers = client.zero_trust.identity_providers
    body = {"type": "google", "config": {"client_id": "id", "client_secret": "secret"}, **account}
    made = providers.create(name="Google", **body)
    expect(providers.get(made.id, **account).name, "Google")
    expect(ids(providers.list(**account)), [made.id])
    expect(providers.update(made.id, name="G2", **body).name, "G2")
    expect(providers.delete(made.id, **account).id, made.id)
    expect_status(404, lambda: providers.get(made.id, **account))


def policy():
    policies = client.zero_trust.access.policies
    body = {"decision": "allow", "include": [{"email": {"email": "ann@datacrew.space"}}], **account}
    made = policies.create(name="people", **body)
    expect(policies.get(made.id, **account).include[0].email.email, "ann@datacrew.space")
    expect(ids(policies.list(**account)), [made.id])
    expect(policies.update(made.id, name="staff", **body).name, "staff")
    expect(policies.delete(made.id, **account).id, made.id)
    expect_status(404, lambda: policies.get(made.id, **account))


def service_token():
    tokens = client.zero_trust.access.service_tokens
    made = tokens.create(name="comfyui-api", **account)
    expect(len(made.client_secret), 64)
    expect(tokens.get(made.id, **account).client_id, made.client_id)
    expect(ids(tokens.list(name="comfyui-api", **account)), [made.id])
    expect(tokens.update(made.id, name="renamed", **account).name, "renamed")
    expect(tokens.rotate(made.id, **account).client_secret == made.client_secret, False)
    expect(tokens.refresh(made.id, **account).id, made.id)
    expect(tokens.delete(made.id, **account).id, made.id)
    expect_status(404, lambda: tokens.get(made.id, **account))


def application():
    policies = client.zero_trust.access.policies
    apps = client.zero_trust.access.applications
    guard = policies.create(name="nobody", decision="deny", include=[{"everyone": {}}], **account)
    body = {"type": "self_hosted", "domain": HOST, "policies": [{"id": guard.id, "precedence": 1}], **account}
    made = apps.create(name="ComfyUI", **body)
    read = apps.get(made.id, **account)
    expect((read.domain, read.policies[0].name), (HOST, "nobody"))
    expect(ids(apps.list(domain=HOST, **account)), [made.id])
    expect(apps.update(made.id, name="Renamed", **body).aud, made.aud)
    expect_status(409, lambda: policies.delete(guard.id, **account))
    expect(apps.delete(made.id, **account).id, made.id)
    policies.delete(guard.id, **account)
    expect_status(404, lambda: apps.get(made.id, **account))


def tunnel():
    tunnels = client.zero_trust.tunnels.cloudflared
    made = tunnels.create(name="comfyui", config_src="cloudflare", **account)
    expect(tunnels.get(made.id, **account).status, "inactive")
    expect(ids(tunnels.list(is_deleted=False, **account)), [made.id])
    expect(tunnels.edit(made.id, name="renamed", **account).name, "renamed")
    token = json.loads(base64.b64decode(tunnels.token.get(made.id, **account)))
    expect((token["a"], token["t"]), (account["account_id"], made.id))

    expect_status(404, lambda: tunnels.configurations.get(made.id, **account))
    ingress = [{"hostname": HOST, "service": "http://localhost:8188"}, {"hostname": "", "service": "http_status:404"}]
    expect(tunnels.configurations.update(made.id, config={"ingress": ingress}, **account).version, 1)
    read = tunnels.configurations.get(made.id, **account)
    expect([rule.service for rule in read.config.ingress], [rule["service"] for rule in ingress])

    expect(tunnels.delete(made.id, **account).id, made.id)
    expect(ids(tunnels.list(is_deleted=False, **account)), [])


def dns_record():
    records = client.dns.records
    body = {"name": HOST, "type": "CNAME", "ttl": 1, "proxied": True, **zone}
    made = records.create(content="one.cfargotunnel.com", comment="ours", **body)
    expect(records.get(made.id, **zone).content, "one.cfargotunnel.com")
    expect(ids(records.list(name={"exact": HOST}, type="CNAME", **zone)), [made.id])
    expect(ids(records.list(comment={"startswith": "theirs"}, **zone)), [])
    expect(records.update(made.id, content="two.cfargotunnel.com", **body).comment, None)
    expect(records.edit(made.id, comment="again", **body).content, "two.cfargotunnel.com")
    expect(records.delete(made.id, **zone).id, made.id)
    expect_status(404, lambda: records.get(made.id, **zone))


def notification_policy():
    policies = client.alerting.policies
    body = {
        "name": "expiry",
        "alert_type": "expiring_service_token_alert",
        "mechanisms": {"email": [{"id": "ann@datacrew.space"}]},
        **account,
    }
    made = policies.create(enabled=True, **body)
    expect(policies.get(made.id, **account).name, "expiry")
    expect(ids(policies.list(**account)), [made.id])
    expect(policies.update(made.id, enabled=False, **body).id, made.id)
    expect(policies.get(made.id, **account).enabled, False)
    policies.delete(made.id, **account)
    expect_status(404, lambda: policies.get(made.id, **account))


for kind in (
    accounts_and_zones,
    organization,
    identity_provider,
    policy,
    service_token,
    application,
    tunnel,
    dns_record,
    notification_policy,
):
    kind()
    print(kind.__name__)
