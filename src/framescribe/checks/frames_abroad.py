"""Knows how models speak of the pictures they were given in languages other than English, and for what in a scene that
may be taken; checks nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from framescribe.checks.text import Text

_CHINESE = re.compile(
    r"(?:第[一二三四五六七八九十\d]+|最后[一几两]?|最初|首|末|下一|上一|前[一几两三四五六]|后[续几面]的?[几]?|每一?"
    r"|各|这[些几]?|所有|不同|连续|相邻|中间|后续的?|整个|逐|第一)[个张幅]?的?(?:帧|幀|影格)(?!率|动画)"
    r"|(?:第[一二三四五六七八九十\d]+|最后[一几两]|下一|上一|前[几两三四五六]|后[几两三])[张幅个](?:图片|图像|图|画面|静帧|照片|截图|圖片|圖像|圖|畫面)(?![书纸案])"
    r"|(?<![\w])(?:图片?|图像|画面|帧|圖片?)\s?[一二三四五六七八九十\d]{1,2}(?=[到至和与中里：:，,展显])|这(?:[些几]?[张幅组]"
    r"|[些几])的?(?:图片|图像|静帧|截图|帧|画面序列|圖片|圖像)|(?:关键|静止)帧|帧[与和]帧之间|各帧|逐帧(?!动画|定格)"
    r"|帧序列"
    r"|(?:图像|图片|画面|照片|图|圖像)序列|(?:一系列|一组|连续的?|多张|几张)(?:静态|连续的?)?(?:图片|图像|帧|截图"
    r"|静帧)(?!挂|贴|墙)|(?:以上|这|上述)[一二三四五六七八九十几\d]?[张幅]图|[三四五六七八九十\d]+[张幅]图(?:片"
    r"|像)?(?:中|里|显示|展示|可以|依次)|(?:给出|提供|上传|给定)的(?:图片|图像|帧|画面|截图)"
    r"|(?:在|到)?第\s?[一二三四五六七八九十两\d]+(?:\.\d+)?\s?秒(?:时|处|左右|，|,|开始|的时候|钟时)?|(?:视频"
    r"|影片)的?(?:前|最后)[一二三四五六七八九十几两\d]+秒|\d+秒(?:处|标记)"
)
_CHINESE_THINGS = re.compile(
    r"相框|镜框|车架|挂在|贴在|墙|画廊|展厅|展览|相册|照片墙|美术馆|博物馆|屏幕|投影|手机|电脑|连环画|漫画|绘本|冲印|摄影师"
)
_OF_FILM = re.compile(r"胶片|放映|动画师|手绘|蜂箱|蜂巢|帧率")
_OF_GAMES = re.compile(r"秒表|倒计时|计时器|比赛还剩|最后几秒|时钟|時計|タイマー|残り|스톱워치|타이머|남은")
_JAPANESE = re.compile(
    r"(?:最初|最後|次|前|後|冒頭|途中|中間|直後|続く|各|全|すべて|これら|それぞれ|個々"
    r"|第?[一二三四五六七八九十\d]+(?:番目|つ目|枚目|コマ目)?)の?(?:静止)?フレーム(?!イン|アウト|に入)|フレーム\s?\d+"
    r"|\d+フレーム目|フレーム間|フレームごと"
    r"|[一二三四五六七八九十\d]+(?:枚|番)目の(?:画像|写真|静止画|フレーム)|(?:最初|最後|次)の(?:画像|静止画|一枚"
    r"|コマ)|これらの(?:画像|静止画|写真)|(?:一連|連続した|複数)の(?:画像|静止画)|画像\s?\d+(?=[でには：:])"
    r"|[一二三四五六七八九十\d]+枚目(?:では|には|で|に|は)|提供された(?:画像|フレーム|映像)|与えられた(?:画像|フレーム)"
    r"|[一二三四五六七八九十\d]+秒(?:時点|地点|目|の時点|あたり|付近)"
)
_JAPANESE_THINGS = re.compile(
    r"眼鏡|メガネ|自転車|額縁|写真立て|壁|美術館|展示|展覧|アルバム|画面|スマ|ボウリング"
    r"|ボーリング|巣箱|蜂|溶接|窓|ドア|漫画|プロジェクター|レース|試合"
)
_KOREAN = re.compile(
    r"(?:첫|첫 ?번째|두 ?번째|세 ?번째|네 ?번째|다섯 ?번째|마지막|다음|이전|처음|중간|각|모든|이후|여러|연속된?|초반"
    r"|후반)\s?(?:몇 )?프레임|프레임\s?\d+|\d+\s?번째 ?(?:프레임|이미지|사진|장면 이미지)"
    r"|(?:첫|첫 ?번째|두 ?번째|세 ?번째|마지막|다음) (?:이미지|사진|스틸)|이 (?:이미지들|사진들|프레임)|(?:일련의"
    r"|연속된) (?:이미지|사진)|제공된 (?:이미지|프레임|사진)|이미지\s?\d+(?=[:에은는])|\d+초 ?(?:지점|시점|쯤|경"
    r"|부분)"
)
_KOREAN_THINGS = re.compile(
    r"안경|자전거|액자|사진관|사진첩|벽|미술관|전시|앨범|화면|볼링|벌통|용접|창문|창틀|문틀|만화|경기"
)
_DE_ORDER = (
    r"(?:erste|zweite|dritte|vierte|fünfte|sechste|nächste|letzte|vorletzte|folgende|vorherige|spätere"
    r"|frühere|weitere|anfängliche|nachfolgende|darauffolgende|mittlere|einzelne)[nmrs]?"
)
ABROAD = re.compile(
    rf"\b{_DE_ORDER}(?:(?:,| und| bis)(?: \w+)? {_DE_ORDER})? (?:\w+ )?(?:bild(?:er|ern|es)?|einzelbild\w*"
    rf"|standbild\w*|frames?|foto|aufnahmen)\b|\b(?:bild|einzelbild) \d+|\beinzelbild\w*|\b(?:diese|dieser"
    rf"|diesen|alle|allen|mehrere|aller|den|die) (?:\w+ )?(?:frames|standbilder\w*|bildern)\b|\bauf den bildern\b"
    rf"|\b(?:diese|dieser|diesen) bilder\b"
    r"|\bbild(?:er)?(?:sequenz|folge|serie|reihe)\b|\b(?:bei|ab|nach|in|um) sekunde (?:\d+|null|eins|zwei|drei|vier"
    r"|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|fünfzehn|zwanzig)\b|\b\d+[.-] sekunde\b|\b(?:folge"
    r"|reihe|serie|sequenz) von (?:stand|einzel)?bildern\b|\bin den (?:ersten|letzten) (?:\w+ )?sekunden\b"
    r"|\b(?:première|deuxième|seconde|troisième|quatrième|cinquième|dernière|prochaine|précédente|suivante"
    r"|avant-dernière)s? (?:images?|trames?|photos?|frames?|captures?)\b|\bimages? (?:\d+|suivantes?|précédentes?"
    r"|fournies?|données?)\b|\bl'image suivante\b|\bphotogrammes?\b|\b(?:ces|les (?:\w+ )?) ?images (?:fournies|fixes"
    r"|successives|montrent)\b|\bces images\b|\b(?:séquence|série|suite|succession) d'images\b"
    r"|\bd'une image à (?:l'autre|la suivante)\b|\b(?:le|au|du) (?:dernier|premier|deuxième|second"
    r"|troisième) (?:cliché|plan fixe"
    r"|frame)\b|\bsur ces clichés\b|\bà la \w+ seconde\b|\bà (?:la seconde )?\d+ secondes\b"
    r"|\b(?:primer|primero|segundo|tercer|tercero|cuarto|quinto|último|siguiente|próximo|anterior)s? (?:fotogramas?"
    r"|cuadros?|frames?)\b|\bfotogramas?\b|\b(?:cuadro|imagen) \d+\b|\b(?:primera|segunda|tercera|cuarta|última"
    r"|siguiente|próxima|anterior)s? (?:imagen|imágenes|fotos?|captura)\b|\bestas imágenes\b|\ba lo largo de (?:las"
    r"|los) (?:imágenes|fotogramas)\b|\b(?:au fil|tout au long) des images\b|\bim verlauf der (?:einzel)?bilder\b"
    r"|\b(?:über|durch) die bilder\b|\bnel corso delle immagini\b|\bao longo d[ao]s (?:imagens|quadros)\b"
    r"|\bimágenes (?:proporcionadas|siguientes|anteriores|sucesivas)\b|\b(?:secuencia|serie|sucesión) de imágenes\b"
    r"|\b(?:en|a) (?:el |los )?(?:segundo \d+|\d+ segundos)\b|\bal segundo \d+\b"
    r"|\bfotogramm[ai]\b|\b(?:primo|secondo|terzo|ultimo|prossimo|successivo|precedente) (?:fotogramma|frame"
    r"|scatto)\b|\b(?:prima|seconda|terza|quarta|ultima|prossima|successiva|precedente) (?:immagine|foto)\b"
    r"|\b(?:nell'|l')(?:ultima|immagine successiva|immagine seguente|ultimo fotogramma)(?: immagine)?\b"
    r"|\bqueste immagini\b|\bimmagini (?:fornite|successive|precedenti)\b|\b(?:sequenza|serie"
    r"|successione) di immagini\b|\bal secondo \d+\b|\bimmagine \d+\b"
    r"|\b(?:primeiro|segundo|terceiro|quarto|último|próximo|seguinte|anterior)s? (?:quadros?|frames?|fotogramas?)\b"
    r"|\b(?:primeira|segunda|terceira|última|próxima|seguinte) (?:imagem|imagens|foto)\b|\bestas imagens\b|\b(?:nas"
    r"|das|as) imagens (?:fornecidas|seguintes)\b|\b(?:sequência|série) de imagens\b|\b(?:quadro|imagem) \d+\b"
    r"|\b(?:aos|no) (?:segundo \d+|\d+ segundos)\b"
    # The order may stand behind the noun.
    r"|\b(?:quadros?|frames?|fotogramas?|cuadros?) (?:seguintes?|siguientes?|anterior(?:es)?|posterior(?:es)?"
    r"|inicia(?:l|is|les)|fina(?:l|is|les))\b"
    r"|\b(?:frames?|fotogramm[ai]|trames?) (?:successiv[oi]|seguent[ei]|precedent[ei]|inizial[ei]|final[ei]"
    r"|suivante?s?|précédente?s?|initiale?s?|finale?s?)\b"
    r"|\b(?:перв|втор|трет|четв[её]рт|пят|последн|следующ|предыдущ|начальн|финальн|кажд|отдельн"
    r"|предпоследн)\w* (?:кадр|изображени|картинк|снимк|фото)\w*|\bкадр(?:е|а|ы|ах|ами)? (?:№ ?)?\d+|\b(?:эти|этих"
    r"|этим|предоставленны\w+|данны\w+|всех|на всех) (?:кадр|изображени|снимк)\w*|\b(?:последовательност"
    r"|сери)\w+ (?:кадров|изображений|снимков)|\bна (?:\d+|\w+ой)(?:-й|-ой)? секунде\b|\bна \d+-?\w* секунд\w*"
    r"|\b(?:eerste|tweede|derde|vierde|vijfde|laatste|volgende|vorige|latere) (?:beeld|beelden|frames?|afbeelding\w*"
    r"|foto|beeldje)\b|\b(?:beeld|afbeelding) \d+\b|\bdeze (?:beelden|afbeeldingen|frames)\b|\b(?:reeks"
    r"|serie) (?:beelden|afbeeldingen)\b|\bop seconde \d+\b"
)
THINGS = re.compile(
    r"\b(?:wand|galerie|rahmen|fahrrad\w*|fenster\w*|museum|ausstellung|album|fotoalbum|malt|malerin|maler|leinwand"
    r"|hängt|hängen|bildschirm|monitor|projektor|kegel\w*|bienen\w*|imker\w*|spiel\w*|rennen|comic|buch"
    r"|mur|galerie|musée|exposition|cadre|vélo|accroch\w+|peint\w*|toile|écran|livre|page|album|match|course|bd|film"
    r"|pellicule|ruche\w*"
    r"|pared|sala|guía|subasta|galería|museo|exposición|marco|bicicleta|cuelga\w*|pinta\w*|lienzo|pantalla|libro"
    r"|álbum|partido|carrera"
    r"|cómic|colmena|película|cine"
    r"|parete|galleria|cornice|bicicletta|appe\w+|dipin\w*|tela|schermo|libro|partita|gara|muro|pellicola"
    r"|parede|galeria|museu|exposição|moldura|pendura\w*|quadro na|tela|ecrã|livro|jogo|partida|corrida|pintor\w*"
    r"|pinta|leilão"
    r"|фотограф\w*|пл[её]нк\w+|оператор\w*|стен\w+|галере\w+|музе\w+|выставк\w+|рам\w+|велосипед\w*|картин\w+"
    r"|экран\w*|альбом\w*|матч\w*|гонк\w+|книг\w+"
    r"|muur|galerij|tentoonstelling|lijst|fiets\w*|schilder\w*|scherm|boek|wedstrijd)\b"
)


# Where one of them is a place in time, a wall in the scene has nothing to do with it; these have.
IN_TIME = re.compile(r"\b(?:на|в|во) \w+[ое]м кадре$|(?:^|[.!?] )(?:no|na|en el|nel|dans le|au) \w+ \w+$")
HAS_FRAMES = re.compile(
    r"\b(?:фотограф|пл[её]нк|оператор|альбом|экран|матч|muse|galer|galler|exposi|partid|álbum|album|pel[íl])"
)
_ORDERED_KOREAN = re.compile(r"프레임$")
_KOREAN_GAMES = re.compile(r"볼링|당구|경기|벌통|만화|사진첩|앨범|애니메이션")


def wide(text: Text) -> Iterator[re.Match[str]]:
    """All such talk in Chinese, Japanese and Korean."""
    told = text.told
    for script, pattern, things in (
        (None, _CHINESE, _CHINESE_THINGS),
        ("KANA", _JAPANESE, _JAPANESE_THINGS),
        ("HANGUL", _KOREAN, _KOREAN_THINGS),
    ):
        if script is not None and script not in text.scripts:
            continue
        for found in pattern.finditer(told):
            said = found[0]
            of_film, of_time = "帧" in said or "幀" in said, "秒" in said or "초" in said
            if _ORDERED_KOREAN.search(said) and told.startswith(("에서", "에는", "에선"), found.end()):
                things = _KOREAN_GAMES  # a bicycle's or a window's frame is no place in time
            placed = said.endswith("フレーム") and told.startswith(("では", "で、", "には"), found.end())
            if placed or not (_OF_FILM if of_film else _OF_GAMES if of_time else things).search(told):
                yield found
