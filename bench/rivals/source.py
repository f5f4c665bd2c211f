"""What the rivals have in common: the same accounts, the same query, the same answers of the same sandbox."""

import json
import resource
import sys
import time

import requests

QUERY = (
    "SELECT campaign.id, campaign.name, campaign.status, metrics.impressions, metrics.clicks, metrics.cost_micros, "
    "metrics.conversions, segments.date FROM campaign WHERE segments.date BETWEEN '{since}' AND '{until}'"
)


def settings():
    """The one argument: a JSON object with the sandbox's addresses and credentials, the accounts, the days and the database."""
    return json.loads(sys.argv[1])


def token(s):
    answer = requests.post(
        s["oauthUrl"],
        data={
            "grant_type": "refresh_token",
            "client_id": s["clientId"],
            "client_secret": s["clientSecret"],
            "refresh_token": s["refreshToken"],
        },
        timeout=60,
    )
    answer.raise_for_status()
    return answer.json()["access_token"]


def chunks(s, account):
    """Every chunk of searchStream for one account and the whole range: one operation, as ours."""
    headers = {"Authorization": "Bearer " + s["token"]}
    if s.get("loginCustomerId"):
        headers["login-customer-id"] = s["loginCustomerId"]
    answer = requests.post(
        f"{s['adsUrl']}/{s['apiVersion']}/customers/{account}/googleAds:searchStream",
        headers=headers,
        json={"query": QUERY.format(since=s["since"], until=s["until"])},
        timeout=600,
    )
    answer.raise_for_status()
    return answer.json()


def rows(s, account):
    """Rows as the seed builds them: one dict a row."""
    for chunk in chunks(s, account):
        for result in chunk.get("results", []):
            metrics = result["metrics"]
            yield {
                "date": result["segments"]["date"],
                "platform": "google_ads",
                "account_id": account,
                "campaign_id": result["campaign"]["id"],
                "campaign_name": result["campaign"]["name"],
                "impressions": int(metrics["impressions"]),
                "clicks": int(metrics["clicks"]),
                "cost": int(metrics["costMicros"]) / 1_000_000,
                "conversions": metrics["conversions"],
            }


def report(name, count, started):
    seconds = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    figures = {"rival": name, "rows": count, "seconds": seconds, "cpu_s": used.ru_utime + used.ru_stime, "rss_mb": used.ru_maxrss / 1024}
    print(json.dumps(figures))
