"""Who is a person and who is not: user agents as they are sent (systems.md 7.4)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.robots import LONGEST, is_robot, is_robots_agent

ANDROID = (
    "Mozilla/5.0 (Linux; Android 13; {}) AppleWebKit/537.36 (KHTML, like Gecko) {} "
    "Mobile Safari/537.36"
)
WEBVIEW = "Version/4.0 Chrome/116.0.0.0"
CHROME = "Chrome/124.0.0.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) {}Mobile/15E148"
)
APPS = (
    ";KAKAOTALK 2410220",
    " KAKAOTALK/10.5.6 (INAPP)",
    " [Pinterest/Android]",
    " [Pinterest/iOS]",
    " Viber/20.9.0",
    " Mastodon/2024.3",
    " WhatsApp",
    " Instagram 335.0.8.26.85 (iPhone14,5; iOS 17_5; de_DE; de; scale=3.00; 1170x2532; 610)",
    " [FBAN/FBIOS;FBAV/467.0.0.42.107;FBBV/606;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBOP/80]",
    " [FB_IAB/FB4A;FBAV/437.0.0.0.1;]",
    " MetaIAB Facebook",
    " Line/13.12.0/IAB",
    " Twitter for iPhone/8.87",
    " Snapchat/11.73.0.38 (like Safari/8613.1.17.0.8, panda)",
    " [LinkedInApp]/9.22.6042",
    " MicroMessenger/8.0.30(0x18001e2a) NetType/4G Language/zh_CN",
    " Telegram-Android/10.0.5 (Samsung SM-G991B; Android 12; SDK 31; HIGH)",
    " SogouMSE,SogouMobileBrowser/5.28",
    " NAVER(inapp; search; 1200; 12.1.3)",
    " QRbot/1.0",
)
TELEPHONES = (
    "CUBOT KINGKONG 5 Pro",
    "CUBOT",
    "CUBOT Build/KOT49H; wv",
    "CUBOT_NOTE_S Build/NRD90M",
    "X19 CUBOT",
    "M bot 54",
    "VR BOT 552 PLUS",
    "XBot Junior",
    "POWER BOT Build/MRA58K",
    "Spider 8",
    "moto g power (2022)",
    "K",
)
PEOPLE = (
    *(ANDROID.format(model, CHROME) for model in TELEPHONES),
    *(ANDROID.format("SM-S918N; wv", WEBVIEW) + app for app in APPS),
    *(IPHONE.format("") + app for app in APPS),
    IPHONE.format("Version/17.4.1 ") + " Safari/604.1",
    IPHONE.format("GSA/277.0.555192628 ") + " Safari/604.1",
    IPHONE.format("CriOS/123.0.6312.52 ") + " Safari/604.1",
    IPHONE.format("Version/16.0 ") + " DuckDuckGo/7 Safari/605.1.15",
    "Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0",
    (
        "Mozilla/5.0 (Linux; U; Android 4.4.2; de-de; CUBOT Build/KOT49H) AppleWebKit/534.30 "
        "(KHTML, like Gecko) Version/4.0 Mobile Safari/534.30"
    ),
    "Opera/9.80 (Android; Opera Mini/36.2.2254/191.283; U; de) Presto/2.12.423 Version/12.16",
    "Mozilla/5.0 (X11; Slackware; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (X11; U; Linux i686; en-US; rv:1.8.1.6) Gecko/20070802 SeaMonkey/1.1.4 Slackware",
    "Mozilla/5.0 (compatible; Konqueror/4.5; Linux; X11; en_US) KHTML/4.5.4 Slackware",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; NOKIA)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/124 Safari/537.36 Edg/124",
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/118 "
        "Safari/537.36 Slack_SSB/4.35.126"
    ),
    "okhttp/4.9.3",
    "curl/8.5.0",
    "python-httpx/0.28.1",
    "Dalvik/2.1.0 (Linux; U; Android 12; SM-A515F Build/SP1A.210812.016)",
    "OurApp/3 CFNetwork/1410.0.3 Darwin/22.6.0",
    "A phone",
    "",
)
ROBOTS = (
    "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
    "kakaotalk-scrap/1.0",
    "Iframely/1.3.1 (+https://iframely.com/docs/about)",
    "Iframely/1.3.1",
    "Pinterest/0.2 (+https://www.pinterest.com/bot.html)",
    "Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)",
    ANDROID.format("Nexus 5X Build/MMB29P", CHROME)
    + " (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)",
    "http.rb/5.1.1 (Mastodon/4.2.1; +https://mastodon.social/)",
    "Mastodon/4.3.0 (http.rb/5.2.0; +https://mastodon.social/)",
    "Pleroma 2.5.0; https://social.example <admin@social.example>",
    "Misskey/13.14 (https://misskey.example)",
    "Viber",
    "Viber/20.3.0",
    "Viber/13.3.0.1 CFNetwork/1107.1 Darwin/19.0.0",
    "meta-externalfetcher/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
    "meta-externalfetcher/1.1",
    "meta-externalagent/1.1",
    "facebookexternalhit/1.1",
    "facebookexternalhit/1.1;line-poker/1.0",
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
        "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
    ),
    "WhatsApp/2.23.20.0 A",
    "WhatsApp/2.17.395 Android/6.0 Device/Meizu-M5_Note",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
    "Mozilla/5.0 (compatible; Embedly/0.2; +http://support.embed.ly/)",
    "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
    "Bluesky Cardyb/1.1",
    "Mozilla/5.0 (Bluesky Cardyb/1.1)",
    "SomeCard/1.0 (+mailto:support@x.example)",
    "LINE-Poker",
    "LINE-Poker/1.0",
    "line-poker/1.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/124 Safari/537.36 LINE-Poker/1.0",
    ANDROID.format("Nexus 5X", CHROME) + " line-poker/1.0",
    "Mozilla/5.0 (compatible; Yahoo Link Preview; https://help.yahoo.com/kb/mail/)",
    ANDROID.format("Nexus 5X Build/MMB29P", CHROME)
    + " (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    IPHONE.format("") + " (compatible; Baiduspider-render/2.0; +http://www.baidu.com/search/)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/103.0 Safari/537.36",
    "Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "CCBot/2.0 (https://commoncrawl.org/faq/)",
    ANDROID.format("K", "Chrome/114") + " meta-externalfetcher/1.1",
    IPHONE.format("") + " facebookexternalhit/1.1",
    ANDROID.format("K", CHROME) + " Iframely/1.3.1",
)


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_people(agent):
    """CUBOT makes telephones, Slackware is a Linux, apps open links in browsers of their own."""
    assert not is_robots_agent(agent)


@pytest.mark.parametrize("agent", ROBOTS)
def test_robots_are_robots(agent):
    assert is_robots_agent(agent)


@given(st.sampled_from(APPS), st.text(st.characters(exclude_characters=")"), max_size=30))
def test_no_telephone_s_name_makes_a_robot(app, model):
    """What a maker calls a telephone stands in the first parenthesis, and is not the browser's."""
    assert not is_robots_agent(ANDROID.format(f"{model}; wv", WEBVIEW) + app)


@given(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12),
    st.sampled_from(["bot", "Bot", "spider", "Crawler", "Preview"]),
)
def test_what_calls_itself_a_robot_is_one(name, kind):
    name = f"x{name}{kind}/1.0"
    for form in ("{}", "Mozilla/5.0 (compatible; {}; +http://x.example/bot)"):
        assert is_robots_agent(form.format(name))
    assert is_robots_agent(f"{ANDROID.format('K', CHROME)} (compatible; {name})")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("purpose", "prefetch", True),
        ("sec-purpose", "prefetch;prerender", True),
        ("x-purpose", "preview", True),
        ("x-moz", "prefetch", True),
        ("sec-fetch-dest", "document", False),
        ("user-agent", "WhatsApp/2.23", True),
        ("user-agent", "A phone", False),
    ],
)
def test_a_browser_says_when_nobody_waits(name, value, expected):
    assert is_robot({"headers": [(name.encode(), value.encode())]}) is expected


@pytest.mark.parametrize("unit", ["bo", "cubot", "+http", "compatible; ", "(Linux; Android", "é"])
def test_the_longest_agent_is_judged_at_once(unit):
    """Nobody stops the others: only so many characters are looked at, and by texts where it can."""
    begin = time.perf_counter()
    for number in range(20):
        agent = f"{number} {unit * 16_000}".encode()
        is_robot({"headers": [(b"user-agent", agent)]})
    assert time.perf_counter() - begin < 20 * 0.05
    assert LONGEST <= 512
