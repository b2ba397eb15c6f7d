"""Words that no sentence of Home Assistant's shows to be opposed, by hand, for each language.

A star stands for any ending, because many languages inflect these words.
"""

# ruff: noqa: RUF001 - letters of other alphabets look like Latin ones
from collections.abc import Mapping
from typing import Final

NEGATIONS: Final[Mapping[str, str]] = {
    "de": "nicht kein keine keinen nie niemals ohne",
    "en": "not dont never no without",
    "af": "nie geen nooit sonder behalwe al alle almal niks",
    "ar": "لا ليس بدون كل جميع لم لن غير تسليح",
    "az": "yox deyil heç bütün hamısı",
    "be": "не ні ніколі без усе ўсе ўсё",
    "bg": "не ни никога никой нито без всички всичко освен само",
    "bs": "ne nemoj nikad bez sve svi svih ništa nijedn* osim samo",
    "ca": "no mai ni sense tot tots tota totes cap excepte",
    "cs": "ne není nikdy bez všech* všem* vše vše* nic žádn* kromě jen pouze",
    "cy": "dim na ddim peidiwch paid heb pob holl",
    "da": "ikke ingen aldrig uden undtagen alle alt intet kun",
    "el": "όχι μη μην δεν ποτέ χωρίς όλα όλες όλοι όλους κανένα κανένας καμία τίποτα εκτός μόνο",
    "es": "no nunca sin ni ninguna ningunos jamás excepto",
    "et": "ei ära ärge mitte ilma kõik kõiki mitte ükski välja sisse peale",
    "eu": "ez gabe guzti* dena inor inoiz",
    "fa": "نه نکن نیست بدون همه هیچ",
    "fi": "ei älä älkää ilman kaikki kaikkia mitään yhtään päälle pois vain paitsi",
    "fr": "ne pas jamais sans rien aucune toutes excepté",
    "ga": "ná níl gan gach uile",
    "gl": "non nunca sen todo todos toda todas ningún ningunha agás",
    "he": "לא אל בלי כל הכל אף",
    "hi": "नहीं मत न बिना सब सभी सारे सारी",
    "hr": "ne nemoj nikad bez sve svi svih ništa nijedn* osim samo",
    "hu": "nem ne nincs soha nélkül mind minden összes semmi egyik kivéve csak be ki fel le",
    "id": "tidak jangan tanpa semua bukan",
    "is": "ekki enginn engin aldrei án allt allir allar öll",
    "it": "non mai senza niente nessuna tranne ogni neanche solamente",
    "ko": "켜 꺼 켜줘 꺼줘 안 말고 마 없이 모두 모든 전체 아무",
    "lt": "ne nėra niekada be visi visos visus visas viską nieko jokio",
    "lv": "ne nē nav nekad bez visi visas visus visu neko neviens neviena",
    "mk": "не никогаш без сите сѐ се ништо",
    "ms": "tidak jangan tanpa semua bukan",
    "nb": "ikke ingen aldri uten unntatt alle alt ingenting kun av på opp ned",
    "nl": "niet nooit zonder niks geen iedere elke",
    "pl": "nie nigdy bez nic żadn* wszystk* każd* oprócz tylko",
    "pt": "não nunca sem nem nada nenhum nenhuma todos todas toda excepto exceto",
    "ro": "nu niciodată fără toate toți tot toată nimic niciun nicio doar",
    "ru": "не нет ни никогда без все всё всех всем ничего никак* кроме только",
    "sk": "nie nikdy bez všetk* nič žiadn* okrem iba len",
    "sl": "ne ni nikoli brez vse vsi vsa vseh nič noben* razen samo",
    "sq": "nuk mos pa të gjitha asnjë",
    "sr": "не немој никад без све сви свих ништа ниједн* осим само"
    " ne nemoj nikad bez sve svi svih ništa nijedn* osim samo",
    "sv": "inte aldrig utan ingen inget inga alla allt inget förutom bara endast",
    "sw": "usi* bila yote zote hakuna",
    "tr": "değil hiç hiçbir hiçbiri yok olmadan tüm bütün hepsi her sadece aç kapat",
    "uk": "не ні ніколи без усе все всі усі всіх усіх нічого жодн* крім лише тільки",
    "ur": "نہیں مت نہ بغیر سب تمام",
    "vi": "không đừng chưa tất cả mọi bật tắt mở đóng",
}
"""Negations and quantifiers: neither becomes another word, nor another word one of them."""

OPPOSED: Final[Mapping[str, str]] = {
    "af": "links linker regs regter bo onder voor agter dag nag oggend aand somer winter",
    "ar": "يسار اليسار الأيسر يمين اليمين الأيمن فوق تحت أمام خلف نهار النهار ليل الليل صباح"
    " مساء صيف شتاء داخل خارج حار بارد",
    "be": "лев* прав* верх* ніз* дзень ноч* раніц* вечар*",
    "bg": "ляв* лев* десн* дясн* горе долу горн* долн* предн* задн* ден дневн* нощ нощн* сутрин*"
    " вечер* лято летен зим* отвън отвътре вътреш* външ* топл* студен*",
    "bs": "lijev* desn* gore dolje gornj* donj* prednj* stražnj* dan dnevn* noć noćn* jutro jutarn*"
    " večer* ljeto ljetn* zim* unutar* unutra van vanjsk* topl* hladn*",
    "ca": "esquerr* dret dreta drets dretes dalt baix davant darrere dia diürn nit nocturn matí"
    " vespre tarda estiu hivern dins fora calent fred",
    "cs": "lev* prav* nahoře dole horn* doln* předn* zadn* den dne denní noc noční ráno ranní"
    " večer* léto letní zim* vnitřní venkovní uvnitř venku tepl* studen*",
    "cy": "chwith dde blaen cefn dydd nos bore haf gaeaf uchaf isaf",
    "da": "venstre højre øverste nederste oppe nede foran bag dag nat morgen aften sommer vinter"
    " inde ude indendørs udendørs varm kold",
    "de": "tagmodus nachtmodus tagesmodus tagbetrieb nachtbetrieb"
    " morgen abend morgens abends sommer winter innen außen drinnen draußen dach",
    "el": "αριστερ* δεξι* πάνω κάτω μπροστ* πίσω μέρα ημέρα μέρας ημέρας νύχτα νύχτας νύκτα πρωί"
    " βράδυ καλοκαίρι χειμώνα* μέσα έξω εσωτερικ* εξωτερικ* ζεστ* κρύ*",
    "es": "mañana tarde verano invierno dentro fuera interior exterior delantera trasera"
    " delantero trasero noches días",
    "et": "vasak* parem* üles alla ülemi* alumi* ees taga päev* öö* hommik* õhtu* suvi talv*"
    " sees väljas soe külm",
    "eu": "ezker* eskuin* gora behera goi* behe* aurre* atze* egun* gau goiz* arratsalde* uda"
    " negu*",
    "fa": "چپ راست بالا پایین جلو عقب روز شب صبح عصر تابستان زمستان داخل بیرون گرم سرد",
    "fi": "vasen vasem* vasemp* oikea* oike* ylös alas ylä* ala* etu* taka* päivä* yö* aamu* ilta*"
    " kesä* talvi* sisä* ulko* kuuma* kylmä*",
    "fr": "matin soir été hiver intérieur extérieur intérieure extérieure dedans dehors avant"
    " gauches droites chaude froide supérieur inférieur",
    "ga": "clé deas thuas thíos lá oíche maidin tráthnóna samhradh geimhreadh",
    "gl": "esquerd* dereit* arriba abaixo diante detrás día noite mañá tarde verán inverno"
    " interior exterior quente frío",
    "he": "שמאל שמאלי שמאלית ימין ימני ימנית למעלה למטה קדמי אחורי יום לילה בוקר ערב קיץ חורף"
    " פנים חוץ חם קר",
    "hi": "बाएँ बायाँ बाईं बायां दाएँ दायाँ दाईं दायां ऊपर नीचे आगे पीछे दिन रात सुबह शाम गर्मी सर्दी"
    " अंदर बाहर गरम ठंडा",
    "hr": "lijev* desn* gore dolje gornj* donj* prednj* stražnj* dan dnevn* noć noćn* jutro jutarn*"
    " večer* ljeto ljetn* zim* unutar* unutra van vanjsk* topl* hladn*",
    "hu": "bal balra baloldal* jobb jobbra felső alsó fent lent elülső hátsó nappal* nap éjjel*"
    " éjszaka* reggel* este esti nyár* tél* belső külső bent kint meleg hideg",
    "id": "kiri kanan atas bawah depan belakang siang malam pagi sore dalam luar panas dingin",
    "is": "vinstri hægri upp niður efri neðri fram* aftur dagur dag* nótt næt* morgun* kvöld*"
    " sumar vetur inni úti heitt kalt",
    "it": "mattina mattino sera sere pomeriggio estate inverno dentro fuori interno esterno"
    " interna esterna davanti dietro anteriore posteriore superiore inferiore sopra sotto"
    " sinistre destre sinistri destri calda fredda notti giorni notturno diurno notturna diurna",
    "ko": "왼쪽 오른쪽 위 아래 앞 뒤 낮 밤 아침 저녁 여름 겨울 안쪽 바깥쪽 상단 하단",
    "lt": "kair* dešin* viršu* apač* viršutin* apatin* priek* galin* diena dienos dien* naktis"
    " nakties nakt* ryt* vakar* vasar* žiem* vid* lauk* karšt* šalt*",
    "lv": "kreis* lab* augš* apakš* lej* priekš* aizmugur* dien* nakt* nakts rīt* vakar* vasar*"
    " ziem* iekš* ār* karst* aukst*",
    "mk": "лев* десн* горе долу горн* долн* предн* задн* ден дневн* ноќ ноќн* утро вечер*",
    "nb": "venstre høyre øvre nedre øverste nederste oppe nede foran bak dag dagen natt natten"
    " morgen kveld sommer vinter inne ute innendørs utendørs varm kald",
    "nl": "linker rechter linkse rechtse bovenste onderste voorste achterste dag nacht ochtend"
    " morgen avond zomer winter binnen buiten warm koud links rechts beneden boven",
    "pl": "lew* praw* gór* dół doln* dole przedn* tyln* przód tył dzień dnia dzienn* noc nocy"
    " nocn* rano poran* wieczór wieczor* lato letni* zim* wewnątrz wewnętrzn* zewnątrz"
    " zewnętrzn* ciepł* zimn*",
    "pt": "esquerdo direito cima baixo frente trás dia noite manhã tarde verão inverno dentro fora"
    " interior exterior quente frio superior inferior diurno noturno dianteiro traseiro",
    "ro": "stâng* drept dreapta drepte sus jos față spate zi ziua zile noapte noaptea nopți"
    " dimineață dimineața seară seara vară vara iarnă iarna interior exterior cald rece",
    "ru": "лев* прав* верх* ниж* вверх вниз передн* задн* день дня дневн* ночь ночи ночн* утро утр*"
    " вечер* лето летн* зим* внутри внутрен* снаружи внешн* наружн* тепл* холодн* горяч*",
    "sk": "ľav* prav* hore dole horn* doln* predn* zadn* deň dňa denn* noc noci nočn* ráno rann*"
    " večer* leto letn* zim* vnútri vnútorn* vonku vonkajš* tepl* studen*",
    "sl": "lev* desn* gor dol zgoraj spodaj zgornj* spodnj* sprednj* zadnj* dan dnevn* noč nočn*"
    " jutr* večer* polet* zim* notranj* zunanj* topl* hladn*",
    "sq": "majt* djath* lart poshtë ditë nata natë mëngjes mbrëmje",
    "sr": "лев* десн* горе доле горњ* доњ* предњ* задњ* дан дневн* ноћ ноћн* јутр* вечер* лет* зим*"
    " унутра унутраш* споља спољаш* топл* хладн*"
    " lev* desn* gore dole gornj* donj* prednj* zadnj* dan dnevn* noć noćn* jutr* večer* let* zim*"
    " unutra unutraš* spolja spoljaš* topl* hladn*",
    "sv": "vänstra högra uppe nere övre nedre främre bakre fram bak dag dagen natt natten morgon"
    " morgonen kväll kvällen sommar vinter inne ute inomhus utomhus varm kall",
    "sw": "kushoto kulia juu chini mbele nyuma mchana usiku asubuhi jioni ndani nje",
    "tr": "sol sağ üst alt yukarı aşağı ön arka gündüz gece gün sabah akşam yaz kış iç dış içeri"
    " dışarı sıcak soğuk",
    "uk": "лів* прав* верх* нижн* вгору вниз передн* задн* день дня денн* ніч ночі нічн* ранок"
    " ранк* вечір вечір* літо літн* зим* всередині внутріш* зовні зовніш* тепл* холодн*",
    "ur": "بائیں دائیں اوپر نیچے دن رات صبح شام",
    "vi": "trái phải trên dưới trước sau ngày đêm sáng tối trong ngoài nóng lạnh",
}
"""Directions and times of day: none of them becomes another one."""

REVERSING: Final[Mapping[str, str]] = {
    "af": "ont aan af de ver",
    "be": "у вы раз за ад не дэ",
    "bg": "в из за от раз де не",
    "bs": "u is iz ot za de ne raz",
    "ca": "des de",
    "cs": "za vy od ode o ote roz ne de",
    "cy": "dat ddat an",
    "da": "u de af op",
    "de": "an aus ein ab auf zu ent ver un de be hoch runter",
    "el": "ξε απ α αν",
    "en": "un dis de in im non",
    "es": "des de in",
    "et": "de mitte eba",
    "eu": "des ez",
    "fi": "de epä ei",
    "fr": "dé dés des in",
    "gl": "des in",
    "hr": "u is iz ot za de ne raz",
    "hu": "be ki fel le el meg föl ide rá",
    "hy": "ապա չ ան",
    "id": "non",
    "is": "ó af",
    "it": "s dis in de",
    "ko": "비 불 무",
    "ka": "ჩა გა გამო და მო",
    "lb": "un aus op zou ent ver u",
    "lt": "į iš at ati už ne de",
    "lv": "ie iz at aiz ne de",
    "mk": "в ис из за от раз де не",
    "ms": "nyah nyah ny non",
    "nb": "u de av opp på",
    "nl": "ont ver in uit aan af op de",
    "pl": "w wy uz za od ode u roz o nie de",
    "pt": "des de in",
    "ro": "de dez des în in ne",
    "ru": "в вы за от раз рас не де",
    "sk": "za vy od odo o roz ne de",
    "sl": "v iz od za raz ne de",
    "sq": "ç",
    "sr": "у ис из от за де не раз u is iz ot za de ne raz",
    "sv": "o u de av in upp på",
    "tr": "in de",
    "uk": "в у ув уві ви за від роз не де",
}
"""Beginnings that turn a word into its opposite, or that change place with such a one."""

IN_DOUBT: Final[Mapping[str, str]] = {
    "da": "låst låste",
    "is": "læst læstur læstar",
    "it": "blocca bloccare bloccato bloccata bloccati bloccate",
    "nb": "låst låste",
    "sv": "låst låsta",
}
"""Words whose opposite has a letter before them that is easily missed: "sblocca", "olåst"."""

NEGATING: Final[Mapping[str, str]] = {
    "az": "ma mə",
    "sw": "u ul uli",
    "tr": "ma me mı mi mu mü may mey",
}
"""Letters inside or behind a verb that turn it into its opposite."""

WITHOUT_SPACES: Final = (
    "开 開 关 關 启 啟 停 上 下 左 右 前 后 後 不 没 全 无 無 有 日 夜 早 晚 冷 热 熱"
    " 内 外 亮 暗 锁 鎖 解 施 錠 つけ 消 点 灯 閉 ない 止 始 入 切 暑 寒 เปิด ปิด ไม่ ขึ้น ลง"
    " ซ้าย ขวา ล็อก ปลด กลางวัน กลางคืน"
)
"""Parts of words in scripts without spaces that tell opposites apart."""
