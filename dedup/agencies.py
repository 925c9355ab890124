"""The names of news agencies and how they are spelled where they are credited.

To add an agency, add it to `AGENCIES`: its name here, in brackets the languages it is at home in, and the
spellings it is credited by; one that is always spelled as it is named needs no more than its name. A
spelling marked `~` means other things as well: it counts only as written, and only in brackets, after
"Source:" or as an author, or anywhere in the agency's own languages; one marked `~~` not in brackets either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

AGENCIES = """
Reuters = Reuters | Reuter | Thomson Reuters | Thomson Reuters Foundation | rtr | Рейтер | رويترز | רויטרס
  | ロイター | ロイター通信 | 路透社 | 路透 | 로이터 | 로이터통신
AFP = AFP | Agence France-Presse | Agence France Presse | АФП | 法新社 | فرانس برس | أ ف ب | ا ف ب
AP (en es) = ~AP | Associated Press | АП | AP通信 | 美联社 | 美聯社 | أ ب | أسوشيتد برس
dpa = dpa | dpa-AFX | dpa AFX | dpa-infocom | Deutsche Presse-Agentur | 德新社 | د ب أ
EFE = EFE | 埃菲社
ANSA ; Adnkronos ; askanews ; Italpress ; Europa Press ; Folhapress ; Estadão Conteúdo ; Notimex ; Ritzau
epd ; ČTK ; Agerpres ; IRNA = IRNA | ایرنا ; ISNA = ISNA | ایسنا ; UPI = UPI | United Press International
Agência Brasil = Agência Brasil | Agencia Brasil ; Télam = Télam | Telam ; AGI (it) = ~AGI ; LaPresse (it) = ~LaPresse
Lusa (pt) = ~Lusa | ~LUSA ; Belga (nl fr) = ~Belga | ~BELGA ; ANP (nl) = ~ANP ; TT (sv) = ~TT | TT Nyhetsbyrån
NTB (no nb nn) = ~NTB ; STT (fi) = ~STT ; APA (de) = ~APA | ~apa | Austria Presse Agentur ; KNA (de) = ~KNA
sda (de fr) = sda | keystone-sda | keystone-ats | ~ats | ~ATS ; SID (de) = ~SID | ~sid ; PAP (pl) = ~PAP
TASR (sk) = ~TASR ; SITA (sk) = ~SITA ; MTI (hu) = ~MTI ; BTA (bg) = ~БТА | ~BTA ; Hina (hr) = ~HINA
STA (sl) = ~STA ; Tanjug = Tanjug | Танјуг ; AMNA = ΑΠΕ-ΜΠΕ ; BelTA = БЕЛТА | BelTA
TASS = TASS | ТАСС | ИТАР-ТАСС | ITAR-TASS | 塔斯社 | タス通信 | 타스
RIA Novosti (ru) = РИА Новости | RIA Novosti | ~РИА | ~RIA ; Kazinform = Kazinform | Казинформ
Interfax = Interfax | Интерфакс | INTERFAX.RU | Интерфакс-Украина | Інтерфакс-Україна | Interfax-Ukraine
Ukrinform = Ukrinform | Укрінформ | Укринформ ; UNIAN = UNIAN | УНІАН | УНИАН
Anadolu (tr) = Anadolu Ajansı | Anadolu Agency | ~Anadolu | ~AA | الأناضول
DHA (tr) = ~DHA | Demirören Haber Ajansı ; İHA (tr) = ~İHA | ~IHA | İhlas Haber Ajansı
PTI (en) = ~PTI | Press Trust of India | ~भाषा ; ANI (en) = ~ANI | Asian News International | एएनआई
IANS = IANS | आईएएनएस ; UNI (hi) = ~UNI | ~वार्ता ; APP (ur) = ~APP ; BSS (bn) = ~BSS | বাসস
Xinhua = Xinhua | 新华社 | 新華社 | 新华 | 新華 | 신화 | 신화통신 | Синьхуа | شينخوا
CNS (zh) = 中新社 | 中新网 | 中新網 | 中国新闻社 ; CNA (zh) = ~CNA | 中央社 | 中央通訊社 | Central News Agency
Kyodo (ja) = Kyodo | Kyodo News | ~共同 | 共同通信 | 共同社 | 교도 ; Jiji (ja) = Jiji Press | ~Jiji | ~時事 | 時事通信
Yonhap = Yonhap | 연합뉴스 | 韩联社 | 韓聯社 | 聯合ニュース ; Newsis = Newsis | 뉴시스 ; News1 = 뉴스1
KCNA = KCNA | 朝中社 | 조선중앙통신 ; Antara (id) = ~ANTARA | ~Antara ; Bernama ; VNA (vi) = TTXVN | ~VNA
SPA (ar) = ~SPA | ~واس ; WAM (ar) = ~WAM | ~وام ; QNA (ar) = ~QNA | ~قنا ; KUNA (ar) = ~KUNA | ~كونا
MENA (ar) = ~MENA | أ ش أ ; NAN (en) = ~NAN ; GNA (en) = ~GNA ; PNA (tl) = ~PNA
AAP (en) = ~AAP | Australian Associated Press ; PA Media = PA Media | Press Association | PA Wire | ~~PA
Canadian Press (en fr) = Canadian Press | La Presse Canadienne | ~CP
Bloomberg = ~Bloomberg | Bloomberg News | Bloomberg LP ; CNN = ~CNN | CNN Newsource | CNN Wire
"""


@dataclass(frozen=True, slots=True)
class Name:
    """Whom a spelling names, how doubtful it is (`~`), and the languages it is at home in."""

    agency: str
    doubt: int
    home: tuple[str, ...]


_JOINTS = re.compile(r"[\s.'’\u00ad]+")


def squeeze(text: str) -> str:
    """Without the spaces and stops that spellings of a name differ by."""
    return _JOINTS.sub("", text)


def _read(table: str) -> Iterator[tuple[str, Name]]:
    for entry in re.split(r" ; |\n(?! )", table.strip()):
        left, _, right = entry.partition("=")
        agency, _, home = left.strip(" )").partition(" (")
        for spelling in (right or agency).split("|"):
            yield spelling.strip().lstrip("~"), Name(agency, spelling.count("~"), tuple(home.split()))


WRITTEN = tuple(_read(AGENCIES))
SURE = {squeeze(written).casefold(): name for written, name in WRITTEN if not name.doubt}
DOUBTFUL = {squeeze(written): name for written, name in WRITTEN if name.doubt}
_LONGER_FIRST = sorted((re.escape(written) for written, _ in WRITTEN), key=len, reverse=True)
LATIN = "|".join(name for name in _LONGER_FIRST if name.isascii())
UNSPACED = "|".join(name for name in _LONGER_FIRST if re.match("[\u3041-\u9fff]", name))
