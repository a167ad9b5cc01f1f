"""Knows the words by which running text in a language is told from other languages of the same script: those without
which hardly a sentence is made, and a few that descriptions are full of. They are evidence, not a dictionary."""

from __future__ import annotations

_LISTS = {
    "en": """
        the a an and or but of to in on at by for from with without into onto over under through across toward towards
        behind beside between above below near as while when then before after until is are was were be been being has
        have had does do did can will would it its he his him she her they their them this that these those there here
        who which what whose not no very more most some any all each every other another one two three man woman men
        women child children boy girl dog street water hand hands head stands walks holds wearing standing walking
        holding small large white black red green blue slowly there's off out up down again only just also so such
        both few several many much own same others along against during upon within about around next last first left
        right front side background foreground camera view person people young old man's woman's wears sits runs looks
        turns moves comes goes puts takes shows appears stand sit walk run look
    """,
    "de": """
        der die das den dem des ein eine einen einem einer eines und oder aber mit von vom zu zum zur auf im in an am
        aus bei beim nach vor über unter durch gegen ohne um für ist sind war waren wird werden hat haben er sie es
        ihr ihre ihren ihrem ihrer sein seine seinen seinem seiner sich nicht kein keine auch noch nur sehr während
        wenn dann als wie daneben hinter neben zwischen dabei mann frau kind junge mädchen hund straße wasser steht
        sitzt läuft geht hält trägt langsam zwei drei kleine großen alten dass dieser diese dieses diesem diesen jeder
        jede jedes alle alles viele mehrere einige wo was wer so schon wieder immer mehr weiter hier dort da kann
        können soll müssen dessen deren seines ihres oben unten links rechts vorne hinten vorbei entlang herum hinein
        heraus bis damit ab wurde wurden worden lässt lassen liegt liegen stehen sitzen laufen gehen halten tragen
        zeigt gegenüber hellen dunklen rote roten blaue blauen weiße weißen schwarze schwarzen grünen junger alter
        alte person leute kamera hintergrund
    """,
    "nl": """
        de het een en of maar met van naar op in aan uit bij voor achter over onder door tegen zonder om is zijn was
        waren wordt worden heeft hebben hij zij ze haar hun zich niet geen ook nog zeer terwijl wanneer dan als naast
        tussen langs deze dit die dat er man vrouw kind jongen meisje hond straat water staat zit loopt gaat houdt
        draagt langzaam twee drie kleine grote oude vanuit terug hem mij jij wij jullie kan kunnen moet moeten zal
        zullen al alle alles veel meer weer hier daar waar wat wie hoe dus toch nu toen tot sinds tijdens binnen
        buiten boven beneden links rechts voorbij heen na vóór ligt liggen staan zitten lopen gaan houden dragen kijkt
        rode blauwe witte zwarte groene jonge camera achtergrond mensen
    """,
    "fr": """
        le la les un une des du de et ou mais avec dans sur sous vers par pour sans chez entre devant derrière est
        sont était a ont il elle ils elles son sa ses leur leurs se ce cette ces qui que dont où ne pas plus très
        aussi tandis pendant lorsque puis alors comme au aux en à côté près long homme femme enfant garçon fille chien
        rue eau main debout assis marche tient porte lentement deux trois petit petite grand grande tout tous on nous
        vous je tu lui eux cet celui celle ceux été être avoir fait font peut peuvent toutes toute chaque plusieurs
        quelques autre autres même mêmes ici là y quand si donc car ni non oui encore déjà toujours bien ainsi après
        avant depuis jusque jusqu'à contre selon travers autour dessus dessous dehors dedans gauche droite haut bas
        d'un d'une l'eau l'air qu'il qu'elle s'est n'est c'est rouge bleu bleue blanc blanche noir noire vert verte
        jeune vieux vieille caméra arrière-plan regarde personne gens
    """,
    "es": """
        el la los las un una unos unas y o pero con de del al en sobre bajo hacia por para sin entre ante tras desde
        hasta es son está están era fue ha han se su sus lo le les este esta estos estas ese esa que quien cual donde
        no muy más también mientras cuando luego entonces como junto cerca hombre mujer niño niña niños perro calle
        agua mano lleva camina sostiene lentamente dos tres pequeño pequeña grande viejo da dan a ve ven nadie nada
        hay tiene tienen todo toda todos todas cada otro otra otros otras mismo misma ya aún todavía tan tanto menos
        bien así después antes durante contra según alrededor encima debajo fuera dentro adelante atrás izquierda
        derecha arriba abajo ser estar sido siendo hacer hace puede pueden va van me te nos yo tú él ella ellos ellas
        aquel aquella algo alguien algunos algunas varios varias cuyo cuya si sí ni pues porque aunque rojo roja azul
        blanco blanca negro negra verde joven vieja cámara fondo mira persona personas gente
    """,
    "it": """
        il lo la i gli le un uno una e o ma con di del dello della dei degli delle al allo alla ai alle da dal dalla
        nel nella nei nelle in su sul sulla per tra fra senza verso è sono era ha hanno si suo sua suoi sue loro che
        chi cui dove non più molto anche mentre quando poi come accanto vicino dietro davanti sotto sopra uomo donna
        bambino bambina ragazzo cane strada acqua mano cammina tiene lentamente due tre piccolo piccola grande questo
        questa questi queste quello quella quelli quelle ogni tutti tutte tutto tutta altro altra altri altre stesso
        stessa già ancora sempre così dopo prima durante contro attorno intorno fuori dentro avanti indietro sinistra
        destra alto basso essere stato stata fare fa può possono va vanno mi ti ci vi io tu lui lei noi voi qui qua lì
        là se né perché però quale quali alcuni alcune nessuno niente all'interno dell'acqua nell'acqua un'altra
        l'acqua rosso rossa blu azzurro bianco bianca nero nera giovane vecchio vecchia telecamera sfondo guarda
        persona persone gente dall'alto
    """,
    "pt": """
        o os a as um uma uns umas e ou mas com de do da dos das ao aos à às no na nos nas em num numa pelo pela por
        para sem entre sobre sob até é são está estão era foi tem têm se seu sua seus suas ele ela eles elas este esta
        esse essa que quem onde não muito mais também enquanto quando depois então como junto perto homem mulher
        menino menina cão cachorro rua água mão segura caminha lentamente dois duas três pequeno pequena grande isto
        isso aquele aquela aqueles aquelas cada todo toda todos todas outro outra outros outras mesmo mesma já ainda
        sempre assim antes durante contra conforme redor fora dentro frente atrás esquerda direita cima baixo ser
        estar sendo fazer faz pode podem vai vão me te eu tu nós lhe algo alguém alguns algumas vários várias nada
        ninguém há nem pois porque embora vermelho vermelha azul branco branca preto preta verde jovem velho velha
        câmera fundo olha pessoa pessoas gente dele dela deles delas neste nesta nesse nessa deste desta pelos pelas
    """,
    "ca": """
        cada cerca a mínim o tot tots totes text pot poden aquests aquestes
        el la els les un una uns unes i o però amb de del dels al als en sobre sota cap per sense entre és són està
        estan era ha han es seu seva seus aquest aquesta que qui on no molt més també mentre quan llavors com home
        dona nen nena gos carrer aigua mà lentament dos dues tres petit gran
    """,
    "ro": """
        un o și sau dar cu de din la în pe sub peste prin pentru fără între este sunt era are au se său sa săi lui ei
        lor acest această care ce unde nu foarte mai timp când apoi ca lângă spre bărbat femeie copil băiat fată câine
        stradă apă mână merge ține încet doi două trei mic mare a ai al ale fi fost aceasta acesta acestea toate tot
        fiecare alt altă aici acolo cine dacă deja încă doar poate pot va vor după înainte jurul stânga dreapta
    """,
    "sv": """
        en ett den det de och eller men med av till från på i vid under över genom mot utan för är var har hade han
        hon hans hennes sin sitt sina sig som inte också mycket medan när sedan bakom bredvid mellan framför man
        kvinna barn pojke flicka hund gata vatten står sitter går håller bär långsamt två tre liten stor gammal upp
        ner ut detta denna dessa alla allt många några varje annan annat andra samma redan igen alltid här där vad vem
        hur så bara kan ska måste blir blev blivit vara ha göra efter före kring runt ovanför nedanför vänster höger
        fram tillbaka ligger stå sitta gå röd blå vit svart grön kameran bakgrunden
    """,
    "da": """
        en et den det de og eller men med af til fra på i ved under over gennem mod uden for er var har havde han hun
        hans hendes sin sit sine sig som der ikke også meget mens når bag siden mellem foran mand kvinde barn dreng
        pige hund gade vand står sidder går holder bærer langsomt to tre lille stor gammel op ned ud dette denne disse
        alle alt mange nogle hver anden andet andre samme allerede igen altid her hvor hvad hvem hvordan så kun kan
        skal må bliver blev blevet være have gøre efter før omkring rundt ovenfor nedenfor venstre højre frem tilbage
        ligger stå sidde gå rød blå hvid sort grøn kameraet baggrunden nogen at
    """,
    "no": """
        en et ei den det de og eller men med av til fra på i ved under over gjennom mot uten for er var har hadde han
        hun hans hennes sin sitt sine seg som ikke også veldig mens når bak siden mellom foran mann kvinne barn gutt
        jente hund gate vann står sitter går holder bærer sakte to tre liten stor gammel opp ned ut dette denne disse
        alle alt mange noen hver annen annet andre samme allerede igjen alltid her hvor hva hvem hvordan så bare kan
        skal må blir ble blitt være ha gjøre etter før omkring rundt ovenfor nedenfor venstre høyre frem tilbake
        ligger stå sitte gå rød blå hvit svart grønn kameraet bakgrunnen at å
    """,
    "fi": """
        ja tai mutta on ovat oli hän he se ne hänen joka jotka kun sitten kuin myös hyvin ei eivät mies nainen lapsi
        poika tyttö koira kadulla vesi seisoo istuu kävelee pitää hitaasti kaksi kolme pieni suuri vanha kanssa alla
        päällä edessä takana vieressä kohti ympärillä taustalla samalla tämä tuo nämä nuo kaikki joku jokin toinen jo
        vielä aina tässä siellä missä mikä kuka miten niin vain voi voivat ole olla ollut ennen jälkeen ympäri
        vasemmalla oikealla ylös alas punainen sininen valkoinen musta vihreä kamera
    """,
    "pl": """
        i oraz lub ale z ze w we na do od po przez przed za pod nad przy bez dla między jest są był była ma mają się
        jego jej ich swój swoją ten ta to te który która które że nie bardzo też także podczas gdy kiedy potem jak
        obok mężczyzna kobieta dziecko chłopiec dziewczyna pies ulicy woda stoi siedzi idzie trzyma powoli dwa dwie
        trzy mały duży stary tym tego temu tej tych tymi wszystkie wszyscy każdy każda inny inna inne sam sama już
        jeszcze zawsze tutaj tam gdzie co kto więc tylko może można mogą będzie być został została wokół wzdłuż lewej
        prawej górę dół leży czerwony niebieski biały czarny zielony kamera tle
    """,
    "cs": """
        a nebo ale s se v ve na do od po přes před za pod nad při bez pro mezi je jsou byl byla má mají jeho její
        jejich svůj ten ta to který která které že není velmi také zatímco když pak jak vedle muž žena dítě chlapec
        dívka pes ulici voda stojí sedí jde drží pomalu dva dvě tři malý velký starý tento tato tyto všichni všechny
        každý jiný sám už již ještě vždy tady tam kde co kdo jen může mohou bude být během kolem podél levé pravé
        nahoru dolů leží červený modrý bílý černý zelený kamera pozadí
    """,
    "sk": """
        a alebo ale s so v vo na do od po cez pred za pod nad pri bez pre medzi je sú bol bola má majú sa jeho jej ich
        svoj ten tá to ktorý ktorá ktoré že nie veľmi tiež zatiaľ keď potom ako vedľa muž žena dieťa chlapec dievča
        pes ulici voda stojí sedí ide drží pomaly dva dve tri malý veľký starý
    """,
    "hu": """
        a az egy és vagy de van vannak volt nem is meg el ki be fel le ő ők aki ami hogy mint majd amikor közben alatt
        felett mellett mögött előtt között felé után férfi nő gyerek fiú lány kutya utcán víz áll ül sétál tart lassan
        két három kis nagy öreg ez azt ezt azok ezek minden más már még mindig itt ott hol mi hogyan csak lehet kell
        lesz lenni körül bal jobb piros kék fehér fekete zöld kamera egyik másik
    """,
    "tr": """
        ve veya ama ile bir bu şu o da de için gibi kadar sonra önce üzerinde altında yanında arkasında önünde içinde
        doğru var yok değil çok daha her olan olarak iken adam kadın çocuk köpek sokakta su duruyor oturuyor yürüyor
        tutuyor yavaşça iki üç küçük büyük yaşlı bütün tüm bazı birkaç hiç başka aynı artık hâlâ hep burada orada
        nerede ne kim nasıl yani ise ki en karşı boyunca etrafında sol sağ yukarı aşağı olmak oldu olur edilir eden
        kırmızı mavi beyaz siyah yeşil kamera
    """,
    "vi": """
        và hoặc nhưng với của trong trên dưới bên cạnh từ đến cho là có không được đang một những các này đó khi sau
        trước rồi người đàn ông phụ nữ cậu bé cô chó đường nước đứng ngồi đi cầm mặc chậm hai ba nhỏ lớn già
    """,
    "id": """
        dan atau tetapi dengan dari di ke pada dalam untuk oleh tanpa antara adalah yang ini itu sebuah seorang seekor
        para tidak juga sangat sambil ketika saat kemudian seperti dia ia mereka nya akan sedang pria wanita anak
        laki-laki perempuan anjing jalan air berdiri duduk berjalan memegang perlahan dua tiga kecil besar tua
        tersebut setiap semua lain sudah masih selalu sini sana mana apa siapa bagaimana hanya bisa dapat harus telah
        setelah sebelum sekitar kiri kanan atas bawah merah biru putih hitam hijau kamera latar belakang
    """,
    "hr": """
        i ili ali s sa u na do od po kroz pred za pod nad pri bez između je su bio bila ima imaju se njegov njezin
        svoj taj ta to koji koja koje da ne nije vrlo također dok kad kada zatim kao pokraj čovjek muškarac žena
        dijete dječak pas ulici voda stoji sjedi hoda drži polako dva dvije tri mali veliki stari
    """,
    "sl": """
        in ali ampak s z v na do od po skozi pred za pod nad pri brez med je so bil bila ima imajo se njegov svoj ta
        to ki da ne ni zelo tudi ko medtem nato kot poleg moški ženska otrok deček pes ulici voda stoji sedi hodi drži
        počasi dva dve tri majhen velik star
    """,
    "et": """
        ja või aga on oli ta nad see need kes mis kui siis ka väga ei mees naine laps poiss tüdruk koer tänaval vesi
        seisab istub kõnnib hoiab aeglaselt kaks kolm väike suur vana koos all peal ees taga kõrval poole
    """,
    "lv": """
        un vai bet ar no uz pie pa zem virs aiz pirms bez starp ir bija viņš viņa viņi kas kurš kad tad kā arī ļoti
        nav vīrietis sieviete bērns zēns suns ielas ūdens stāv sēž iet tur lēnām divi trīs mazs liels vecs to var šo
        šī tas tā šis šajā ja vien tikai jau vēl
    """,
    "lt": """
        ir ar bet su iš į ant po prie per už be tarp yra buvo jis ji jie kuris kuri kad kai tada kaip taip labai nėra
        vyras moteris vaikas berniukas šuo gatvėje vanduo stovi sėdi eina laiko lėtai du trys mažas didelis senas
    """,
    "ru": """
        и или но с со в во на до от по через перед за под над при без для между это он она они его её их свой который
        которая что не нет очень также пока когда затем как рядом у к из был была есть мужчина женщина ребёнок мальчик
        девочка собака улице вода стоит сидит идёт держит медленно два две три все всё весь вся этот эта эти тот та те
        там тут здесь где куда кто чтобы если уже ещё еще только было были быть может можно будет около вокруг вдоль
        после время из-за них ним ней нему ему ей им нас вас вы мы я ты себя себе сам того этого этой тем чем либо
    """,
    "uk": """
        і й та або але з зі із у в на до від по через перед за під над при без для між це він вона вони його її їх
        свій який яка що не немає дуже також поки коли потім як поруч був була є чоловік жінка дитина хлопчик дівчинка
        собака вулиці вода стоїть сидить йде тримає повільно два дві три всі все весь вся цей ця ці той ті там тут де
        куди хто щоб якщо вже ще тільки було були бути може можна буде біля навколо уздовж після час них ним ній йому
        їй їм нас вас ви ми я ти себе собі сам того цього цієї тим чим
    """,
    "bg": """
        и или но с със в във на до от по през пред зад под над при без за между това той тя те неговия който която
        което че не няма много също докато когато след като е са беше мъж жена дете момче момиче куче улица вода стои
        седи върви държи бавно два две три един една се си да има може трябва този тази тези там тук къде кой ако вече
        още само бяха бъде към около всички
    """,
    "sr": """
        и или али с са у на до од по кроз пред за под над при без између је су био била има се његов свој тај та то
        који која које да не није врло такође док кад када затим као поред човек жена дете дечак пас улици вода стоји
        седи хода држи полако два две три
    """,
    "ar": """
        في من على إلى عن مع أو ثم بعد قبل بين تحت فوق هذا هذه ذلك الذي التي هو هي وهو وهي كان كانت لا ما أن إن رجل
        امرأة طفل ولد فتاة كلب شارع ماء يقف تقف يجلس تجلس يمشي تمشي يحمل تحمل ببطء حول خلف أمام نحو بينما عندما
    """,
    "fa": """
        در از به با را و یا که این آن یک است بود شد می هم بر برای تا پس روی زیر کنار پشت جلوی بین مرد زن کودک پسر دختر
        سگ خیابان آب ایستاده نشسته دارد راه آرام دو سه هایی خود او آنها
    """,
    "ur": """
        میں سے کا کی کے کو پر اور یا ہے ہیں تھا تھی ایک یہ وہ اس جو نے بھی نہیں تک ساتھ بعد پھر آدمی عورت بچہ لڑکا
        لڑکی کتا سڑک پانی کھڑا بیٹھا رہا رہی رہے آہستہ دو تین اپنے
    """,
}  # fmt: skip

WORDS = {language: frozenset(words.split()) for language, words in _LISTS.items()}

# The letters, beyond a to z (of Russian and its neighbours: beyond those that all have), that a language writes.
LETTERS = {
    "en": "", "de": "äöüß", "nl": "ëï", "fr": "àâæçéèêëîïôœùûüÿ", "es": "áéíñóúü", "it": "àèéìòù", "pt": "ãáàâçéêíóôõú",
    "ca": "àçéèíïóòúü", "ro": "ăâîșțşţ", "sv": "åäö", "da": "æøå", "no": "æøå", "fi": "äö", "pl": "ąćęłńóśźż",
    "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "hu": "áéíóöőúüű", "tr": "çğıöşü", "hr": "čćđšž", "sl": "čšž",
    "et": "äõöüšž", "lv": "āčēģīķļņšūž", "lt": "ąčęėįšųūž", "id": "",
    "vi": "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
    "ru": "ыэъёщй", "uk": "іїєґщй", "bg": "ъщй", "sr": "јљњћђџ",
}  # fmt: skip

_CYRILLIC = frozenset(("ru", "uk", "bg", "sr"))
_ARABIC = frozenset(("ar", "fa", "ur"))


def neighbours(language: str) -> frozenset[str]:
    """The other languages that are written in the script of this one. Empty: it has its script for itself."""
    if language not in WORDS:
        return frozenset()
    family = next((each for each in (_CYRILLIC, _ARABIC) if language in each), WORDS.keys() - _CYRILLIC - _ARABIC)
    return frozenset(family) - {language}
