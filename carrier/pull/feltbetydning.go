package pull

// feltbetydning tells what each name in the calls and answers means, for the documentation. A name means one thing.
func feltbetydning() map[string]string {
	return map[string]string{
		"abonnement": "abonnementets id", "abonnementID": "abonnementets id", "acts_as": "den bruger, agenten handler som", "afsender": "det system, der sendte beskeden",
		"agent": "agentens navn", "ansvar": "hvem der må rette det: afsender, modtager eller MOX", "antal": "hvor mange", "arbejde": "det, der nu er dit",
		"beskedtype": "beskedens type", "objektID": "det objekt, den er om", "alder_sekunder": "så længe er det siden, den kom", "blokeret": "en tidligere om samme objekt skal være færdig først", "frist": "så længe kan modtageren svare",
		"tur": "hvis tur det er: afsender, modtager eller MOX", "uafsluttede": "beskeder, som en modtager ikke er færdig med", "venter": "hvordan leveringerne står",
		"art": "hvad kvitteringen siger", "fejl_i_traek": "så mange læsninger er mislykkedes siden", "fejl_tekst": "hvorfor den seneste læsning mislykkedes",
		"fejl_tid": "hvornår den seneste læsning mislykkedes", "hver_sekunder": "så længe der går mellem to læsninger", "kontakt": "hvornår kilden sidst svarede, også uden noget nyt",
		"mislykket": "hvorfor kilden ikke kunne læses; positionen er den samme", "begrundelse": "hvorfor", "besked": "beskeden selv", "beskedID": "beskedens id", "beskeder": "beskederne, eller hvor mange",
		"dele": "intervallet, delt", "efter_sekunder": "prøv først igen efter så længe",
		"ejer": "navnet på den, der arbejder; MOX sætter nøglens navn foran", "ekko": "det, MOX selv har skrevet i systemet, felt for felt, eller hvor mange poster der kun var det",
		"ekko_af": "objektet i det system, der blev skrevet i", "faerdig": "kilden har ikke mere nu", "fejl": "hvad der er galt, eller hvor mange poster der ikke kunne bruges",
		"fejlposter": "poster, der ikke kunne bruges", "felt": "feltets navn i systemet", "felter": "værdier efter sti, eller de felter, der er noget galt med",
		"foelsomhed": "objektets følsomhed", "for_sent": "lejemålet var udløbet; intet blev ændret", "foraeldede": "poster, der var ældre end det kendte",
		"fornyet": "så mange var endnu dine", "forsoeg": "forsøgets nummer, fra 1", "forventet": "den position, der blev læst fra",
		"fra": "den første logposition, eller virkningens begyndelse", "fuld": "posterne slutter en fuld liste", "gennemloeb": "nummeret på den fulde liste, der læses",
		"gentaget": "MOX havde den i forvejen; intet nyt er gjort", "handling": "hvad der skete, i systemets egne ord", "hvad": "ens, ny, afviger, aeldre, udgaaet eller fejl; mangler, når det er et objekt, der spørges om", "hash": "SHA-256 af delens linjer, i hex",
		"kilde": "kildens navn", "kode": "til programmer: fejlens kode, eller systemets eget svar", "kvitteringer": "hvad der er kvitteret", "laer": "lær kun posten at kende; send intet",
		"laert": "poster, der kun blev lært at kende", "laest": "læste poster i alt, eller hvad systemet bagefter sagde", "leje_sekunder": "så længe er det dit; 0 er 60, højst 3600",
		"lejet_til": "det er dit indtil da", "leverance": "leverancens nummer", "leverancer": "leverancernes numre, højst 1000", "livscykluskode": "hvad der skete, i OIO-standarden",
		"logposition": "beskedens plads i loggen; ændres aldrig", "lokale": "postens felter i systemet", "maks_andel": "den del af de levende objekter, en fuld liste må tilbagekalde",
		"modtaget": "hvornår MOX fik beskeden, eller svaret på en, der blev taget", "n": "højst så mange; 0 er 1, højst 25 gives",
		"naeste": "giv den som efter i næste kald", "noegle": "den samme ved gentagelser: kend en gentagelse på den; i en post det, systemet kalder den",
		"noegler": "hvad modtageren kalder de objekter, beskeden angår", "nr": "pladsen i listen, fra 0", "objekter": "de objekter, kilden har fortalt om, og som lever", "objekttype": "objektets type i OIO-standarden",
		"omgang": "hvor mange gange den er sendt til abonnementet", "position": "hvor langt kilden er læst", "poster": "poster fra systemet, højst 500",
		"procesID": "de processer, beskeden er en del af", "raa": "posten, som den stod", "resultat": "udfaldet",
		"sendt_til": "så mange abonnementer gav kaldet den til", "sidst": "hvornår kilden sidst blev læst", "sidste": "den nyeste logposition, hvem den end er til",
		"skrevet": "det, MOX skrev", "slettet": "beskedens indhold er slettet", "tilbageholdt": "tilslutningsaftalen lader den ikke udlevere nu", "startet": "hvornår den første læsning var færdig",
		"status": "HTTP-status", "sted": "hvor posten stod, som JSON", "sti": "hvor i det sendte", "stier": "feltets stier", "stoerrelse": "antal bytes",
		"svar": "svar på hver besked, eller begyndelsen af systemets svar", "system": "systemets navn", "tekst": "til mennesker", "tid": "hvornår",
		"tilstand": "hvordan leveringen står", "til": "den sidste logposition", "tvungen": "send, også når intet er ændret",
		"uaendrede": "poster, der ikke var ændret", "udfald": "hvad der kom ud af forsøget", "urn": "henvisning til bytes",
		"usikker": "et tidligere forsøg er måske udført", "vent_sekunder": "så længe ventes der, højst 30", "version": "systemets egen version af posten",
	}
}
