"""Parameters of an address that say how a reader came, and not what is read.

Only what no outlet uses to name an article is listed; a name that is also content (`ref`, `source`)
goes with known values alone.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

# Families of one tool each; names are compared in lower case.
_PREFIXES = (
    "utm_",  # Urchin, Google Analytics
    "gad_",  # Google Ads
    "at_",  # AT Internet / Piano: at_medium, at_campaign, at_link_id …
    "ns_",  # comScore: ns_mchannel, ns_source, ns_campaign, ns_linkname, ns_fee
    "mc_",  # Mailchimp: mc_cid, mc_eid
    "pk_",  # Matomo, when it was Piwik
    "piwik_",
    "matomo_",
    "mtm_",
    "hsa_",  # HubSpot ads
    "__hs",  # HubSpot: __hstc, __hssc, __hsfp
    "itm_",  # internal campaigns in the manner of utm_
    "wt_",  # Webtrekk, Mapp
    "wt.",
    "fb_",  # Facebook: fb_source, fb_ref, fb_comment_id, fb_action_ids
    "oly_",  # Omeda Olytics
    "vero_",
    "bsft_",  # Blueshift
    "sfmc_",  # Salesforce Marketing Cloud
    "elq",  # Oracle Eloqua: elqTrackId, elqCampaignId …
    "oft_",
    "ml_sub",  # MailerLite: ml_subscriber, ml_subscriber_hash
    "ck_sub",  # Kit, once ConvertKit: ck_subscriber_id
    "trk_",
    "guce_",  # Yahoo's consent: guce_referrer, guce_referrer_sig
    "_branch_",
    "ss_campaign",  # Squarespace
    "amp_",  # AMP viewers and caches: amp_js_v, amp_gsa, amp_markup …
    "__amp_",
    "__twitter_",
)
_CLICKS = (
    "fbclid gclid gclsrc dclid wbraid gbraid msclkid yclid ysclid ymclid yadclid twclid ttclid igshid igsh "
    "srsltid mibextid sfnsn xmt li_fat_id sccid rdt_cid epik irclickid tblci dicbo rb_clickid s_kwcid ef_id "
    "tw_adid syclid wickedid _openstat _gl _ga _gac _kx usqp aoh gaa_at gaa_n gaa_ts gaa_sig erid"
)
_NEWSLETTERS = (
    "_bhlid mkt_tok _hsenc _hsmi hsctatracking ss_source ss_email_id dm_i dm_t _bta_tid _bta_c bbeml et_rid "
    "emci emdi ceid cndid bxid nx_source xtor xtref nlid regi_id _ke __s s_cid sc_customer sc_eh sc_uid"
)
_COUNTERS_OF_OUTLETS = (
    "cmp cmpid cmp_id intcmp ncid n_cid icid ito smid smtyp partner_source traffic_source __source ftag ftcamp "
    "ocid maca gepc fsrc iref wpisrc wpsrc wpmm wprss itid mbid spref spm .tsrc tsrc guccounter feedtype feedname "
    "rss_id sr_share taid trk trkcampaign ref_src ref_url referringsource sharetype unlocked_article_code "
    "isappinstalled nsukey _amp nonamp noamp isamp"
)
# Sessions, and WordPress's form to answer a comment.
_SESSIONS = "jsessionid phpsessid cfid cftoken zenid oscsid replytocom"
_NAMES = frozenset(" ".join((_CLICKS, _NEWSLETTERS, _COUNTERS_OF_OUTLETS, _SESSIONS)).split())

_FLAG = re.compile(r"(?i)(?:[01]|true|false|yes|no|on|off|)")
_CAME_BY = re.compile(
    r"(?i)(?:rss|feed|atom|home|homepage|twitter|facebook|newsletter|share|social|email|search|related).*"
)
_SENT_BY = re.compile(
    r"(?i)(?:rss|feed|atom|twitter|facebook|newsletter|social|email).*|singlemessage|timeline|groupmessage"
)
_FEED = re.compile(r"(?i)(?:rss|feed|atom|rdf|newsletter).*")
_VALUES = {
    **dict.fromkeys(("ref", "referrer", "referer"), _CAME_BY),
    **dict.fromkeys(("source", "src", "from", "via", "mod", "origin", "cid"), _SENT_BY),
    **dict.fromkeys(("partner", "emc", "medium", "campaign", "feed"), _FEED),
    **dict.fromkeys(("rss", "isrss", "fromrss", "from_rss", "rssfeed"), _FLAG),
    **dict.fromkeys(("amp", "print", "printable", "mobile", "ismobile"), _FLAG),
    **dict.fromkeys(("outputtype", "output", "facet", "platform"), re.compile(r"(?i)amp")),
    "view": re.compile(r"(?i)amp|print|mobile"),
    "share": re.compile(r"(?i)facebook|twitter|x|email|whatsapp|linkedin|telegram|reddit|bluesky|mastodon"),
}
_AMPERSANDS = re.compile(r"(?:amp;)+")
_SESSION = re.compile(r"(?i);(?:jsessionid|phpsessid)=[^;/]*")


def without_tracking(query: str) -> str:
    """The query without tracking parameters and empty ones; the rest as it is, in its order."""
    kept = []
    for pair in query.split("&"):
        if escaped_twice := _AMPERSANDS.match(pair):  # "&amp;" in a feed
            pair = pair[escaped_twice.end() :]
        if pair and not _is_tracking(pair):
            kept.append(pair)
    return "&".join(kept)


def without_session(path: str) -> str:
    """The path without the session that servlets write into it (`/a;jsessionid=1F`)."""
    return _SESSION.sub("", path) if ";" in path else path


def _is_tracking(pair: str) -> bool:
    name, _, value = pair.partition("=")
    name = unquote(name).lower()
    if name in _NAMES or name.startswith(_PREFIXES):
        return True
    known = _VALUES.get(name)
    return known is not None and known.fullmatch(unquote(value)) is not None
