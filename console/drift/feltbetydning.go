package drift

// feltbetydning tells what each name in the calls and answers means, for the documentation. A name means one thing.
func feltbetydning() map[string]string {
	return map[string]string{
		"aaben": "den er ikke lukket", "aabne_fejl": "hvor mange, en person skal afgøre", "aarsag": "hvorfor leveringen står sådan", "abonnement": "abonnementet, eller dets id",
		"abonnementer": "abonnementerne", "aeldste": "hvornår den ældste, der ikke er løst, kom", "afsender": "det system, der sendte beskeden", "afsluttet": "hvornår det var slut, eller hvor mange",
		"alarmer": "de alarmer, der står", "fejl_i_traek": "så mange læsninger er mislykkedes siden", "forsoeg_15m": "forsøg, der er slut, de seneste 15 minutter",
		"fortalt_til": "de veje, der har fortalt om den", "gange": "så mange gange er den kommet igen", "kontakt": "hvornår kilden sidst svarede, også uden noget nyt",
		"mislykkedes_15m": "af dem: hvor mange der ikke leverede", "sidst_hentet": "hvornår nogen sidst bad om arbejdet", "sidste_fejl": "hvorfor den seneste læsning mislykkedes",
		"sidste_fejl_tid": "hvornår den seneste læsning mislykkedes", "vaek": "hvornår årsagen forsvandt",
		"agent": "agentens navn", "amqp": "hvad en modtager hos RabbitMQ skal have at vide", "ansvar": "hvem der må rette det", "antal": "hvor mange", "art": "hvad slags",
		"begrundelse": "hvorfor; gemmes med navnet", "begyndt": "hvornår det begyndte", "beskedID": "beskedens id", "beskeder": "beskederne, eller hvor mange", "beskedtype": "beskedens type",
		"betingelser": "filterets betingelser, hver med svar", "blokeret": "en tidligere om samme objekt er ikke løst, eller hvor mange", "carrier": "hvordan beskederne kommer frem",
		"detaljer": "kun når der spørges om én", "disk_fuld": "MOX tager ikke imod nyt", "efter": "giv den som efter for den næste side", "ekko": "poster, der kun var det, MOX selv havde skrevet",
		"eksempel": "en af dem", "eksempler": "nogle af dem, det tog", "exchange": "hvor systemet sender", "fejl": "fejlene, deres id'er, eller at svaret var en fejl", "fejlet": "hvor mange der fejlede",
		"fejlposter": "poster, der ikke kunne bruges", "felter": "felterne i systemets svar, eller dem, der er noget galt med", "fik": "abonnementet skulle have den", "filter": "hvilke beskeder; intet er alle",
		"foer": "giv den som foer for den næste side", "foerste": "ventetid før andet forsøg, fx 90s", "for_sent": "lejemålet var udløbet; intet blev ændret", "foraeldede": "poster, der var ældre end det kendte",
		"forklaringer": "en for hver afsender, der har brugt id'et", "form": "push: kaldets form", "forsoeg": "forsøgene, eller hvor mange", "fortalt": "hvornår nogen sidst fik det fortalt",
		"frist": "hvor længe, eller til hvornår, der ventes", "genstand": "hvad alarmen er om", "grund": "hvorfor", "handlinger": "hvad personer har gjort, det nyeste først", "har": "hvad beskeden siger",
		"har_indhold": "der er noget at bede om at se", "hemmelighed": "den, kaldene er underskrevet med", "hoejst": "den længste ventetid, fx 3h", "hvad": "hvad der blev gjort", "hvem": "hvem der gjorde det",
		"i_alt": "så mange er der, når alle sider tælles", "id": "id'et", "igang": "hvor mange er i gang", "ikke": "betingelsen står under ikke", "ikke_opsat": "abonnementet findes ikke mere",
		"ja": "opgiv det, der ikke er leveret", "kilde": "kildens navn", "kilder": "kilderne", "kode": "til programmer: fejlens kode, eller modtagerens svar", "koe": "køen, beskederne ligger i",
		"kommandoer": "de kommandoer, der giver en bruger netop de rettigheder", "konfiguration": "den version af opsætningen, beskeden blev fordelt efter", "kraever_handling": "så mange skal en person afgøre",
		"krav": "hvad betingelsen beder om", "kvitteret": "hvornår nogen tog sig af den", "kvitteret_af": "hvem", "kvittering": "amqp: kraeves eller nej", "kvitteringer": "kvitteringerne, eller hvor mange",
		"laest": "læste poster i alt", "leverance": "leverancens nummer", "leverancer": "leveringerne", "leveret": "så mange er leveret", "levering": "hvordan den nyeste levering står", "logposition": "beskedens plads i loggen",
		"lukkede": "også de lukkede", "lukket": "hvornår den blev lukket", "lukket_af": "af hvem", "lukket_ved": "hvordan", "maal": "det, handlingen gjaldt", "metadata": "beskedens felter",
		"modtager": "den modtagende myndigheds CVR-URN", "modtagere": "modtagerne", "modtaget": "hvornår MOX fik beskeden", "naeste": "hvornår der prøves igen", "navn": "navnet", "nr": "MOX' eget nummer, eller forsøgets",
		"ny": "det var der ikke i forvejen", "objektID": "objektets id", "omgang": "hvor mange gange den er sendt", "oprettet": "hvornår", "oprettet_af": "af hvem", "orden": "objekt: rækkefølge for hvert objekt; ingen",
		"passer": "så mange tog det", "pause": "beskeder holdes tilbage", "pause_fordi": "hvorfor", "plan": "hvor tit der prøves", "preview": "tæl kun", "procesID": "processens id", "processer": "processerne",
		"pull": "hvor modtageren henter", "push": "hvad en modtager, der bliver kaldt, skal have at vide", "raa": "posten, eller den afviste besked", "regel": "reglens navn",
		"relateret": "den, det er om; i svar hvor mange, efter rolle", "resultat": "udfaldet; intet er ukendt", "ret": "ret et, der er der", "rettelser": "nye værdier, efter sti", "sendt": "hvordan det gik, efter vej; intet er godt",
		"set": "så mange blev der set på", "siden": "fra da af", "sidst": "hvornår det sidst skete", "sidst_leveret": "hvornår der sidst blev leveret", "slut": "svaret er kommet", "sluttede": "de seneste, der er slut",
		"sluttet": "hvornår den var løst", "staar": "dem, der står", "startet": "hvornår, eller hvor mange", "status": "HTTP-status", "sted": "hvor posten stod: fil, linje, kolonne", "sti": "hvor i det; en adresse i konsollen eller API'et",
		"svar": "svaret, eller de svar, der ventes på", "svarfelter": "de felter, skete kan have", "svarkoe": "køen til svar", "system": "systemets navn", "tekst": "til mennesker", "tid": "hvornår",
		"tilstand": "hvordan det står", "tilstande": "antal leveringer efter tilstand", "uaendrede": "poster, der ikke var ændret", "udeladt": "så mange kunne det ikke gøres for", "udfoert": "så mange blev det gjort for",
		"udloebet": "hvor mange fristen løb ud for", "udvalg": "hvilke; {} er alle åbne", "url": "push: hvor MOX kalder", "vaerdier": "beskedens værdier, efter sti", "valgt": "så mange er i udvalget", "venter": "så mange venter",
	}
}
