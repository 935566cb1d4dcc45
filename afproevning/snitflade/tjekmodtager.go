package snitflade

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/moxkit/mox"
)

// modtagertjek are about what a receiver makes of what it is sent.
func modtagertjek() map[string]tjek {
	return map[string]tjek{
		"dom":              {skal: []string{"er"}, maa: []string{"besked"}, f: dom},
		"dom_sidst":        {skal: []string{"er", "besked"}, f: domSidst},
		"virkning_alle":    {skal: []string{"besked"}, f: virkningAlle},
		"virkning":         {skal: []string{"besked", "antal"}, f: virkning},
		"virkning_straks":  {skal: []string{"besked"}, f: virkningStraks},
		"titel":            {skal: []string{"besked", "titel"}, f: harTitel},
		"titel_stadig":     {skal: []string{"besked", "titel"}, f: harStadigTitel},
		"leveret_en_gang":  {skal: []string{"besked"}, f: leveretEnGang},
		"selv_kvitteret":   {f: selvKvitteret},
		"svar":             {skal: []string{"besked"}, f: svarer},
		"svar_korrelation": {skal: []string{"besked"}, f: svarKorrelation},
		"egen_kode":        {skal: []string{"besked", "mod"}, f: egenKode},
		"grund":            {skal: []string{"besked"}, f: grund},
		"svar_uden_cpr":    {f: svarUdenCPR},
		"kvittering":       {skal: []string{"besked"}, maa: []string{"en_af"}, f: kvitteret},
		"kvittering_felt":  {skal: []string{"besked", "felt"}, maa: []string{"en_af"}, f: kvitteringFelt},
		"ingen_kvittering": {skal: []string{"besked"}, f: ingenKvittering},
		"kvittering_id":    {skal: []string{"besked"}, f: kvitteringID},
	}
}

// med are the beskeder that were sent with the label; all when there is none.
func (f *forloeb) med(etiket string) (ud []*sendt) {
	for _, s := range f.sendte {
		if etiket == "" || s.Send.Besked == etiket {
			ud = append(ud, s)
		}
	}
	return ud
}

// sidst is the last besked with the label.
func (f *forloeb) sidst(etiket string) *sendt {
	l := f.med(etiket)
	if len(l) == 0 {
		return &sendt{Send: &Send{}, svar: svar{dom: DomIntet}}
	}
	return l[len(l)-1]
}

// dom holds what the product made of a besked against what it should have. Each besked with the label is looked at.
func dom(f *forloeb, e *Forvent) fund {
	for _, s := range f.med(e.Besked) {
		if x := f.domPaa(s, Dom(e.Er)); x.status != Bestaaet {
			return x
		}
	}
	return godt()
}

// domSidst looks at the last besked with the label.
func domSidst(f *forloeb, e *Forvent) fund { return f.domPaa(f.sidst(e.Besked), Dom(e.Er)) }

func (f *forloeb) domPaa(s *sendt, er Dom) fund {
	d := s.svar
	switch {
	case d.dom == er:
		return godt()
	case f.blind && (d.dom == DomIntet || d.dom == DomModtaget):
		return intetAf(errKanIkke)
	case d.dom == DomIntet:
		return fejl("Produktet svarede ikke på beskeden inden for %s", f.p.frist)
	}
	return fejl("Produktet svarede %s%s; beskeden skulle være %s", d.dom, kodetekst(d), er)
}

func kodetekst(s svar) string {
	ud := ""
	if s.kode != "" {
		ud = " (" + s.kode + ")"
	}
	if s.tekst != "" && s.dom != DomModtaget {
		ud += ": " + vist(s.tekst)
	}
	return ud
}

func virkning(f *forloeb, e *Forvent) fund { return virkningAf(f, f.sidst(e.Besked), *e.Antal) }

func virkningAf(f *forloeb, s *sendt, antal int) fund {
	ud, er, err := f.ventEffekt(s, func(x effekt) (bool, bool) {
		return x.Antal != nil && *x.Antal == antal, x.Antal == nil || *x.Antal > antal
	})
	switch {
	case err != nil:
		return intetAf(err)
	case ud.Antal == nil:
		return intet("Effekten siger ikke antal")
	case !er:
		return fejl("Beskeden har virket %d %s; den skulle have virket %d", *ud.Antal, flertal(*ud.Antal, "gang", "gange"), antal)
	}
	return godt()
}

// virkningAlle looks for one effect of each besked with the label.
func virkningAlle(f *forloeb, e *Forvent) fund {
	for i, s := range f.med(e.Besked) {
		x := virkningAf(f, s, 1)
		if x.status == Fejlet {
			return fejl("Besked %d af %d: %s", i+1, len(f.med(e.Besked)), x.tekst)
		}
		if x.status != Bestaaet {
			return x
		}
	}
	return godt()
}

func virkningStraks(f *forloeb, e *Forvent) fund {
	s := f.sidst(e.Besked)
	switch {
	case f.p.Effekt == nil:
		return intetAf(errEffekt)
	case s.effektFejl != nil:
		return intetAf(s.effektFejl)
	case s.svar.dom != DomModtaget:
		return intet("Beskeden blev ikke modtaget")
	case s.effekt.Antal == nil:
		return intet("Effekten siger ikke antal")
	case *s.effekt.Antal == 0:
		return fejl("Produktet kvitterede, før dets eget resultat var gemt: da det havde svaret, var virkningen der ikke")
	}
	return godt()
}

func harTitel(f *forloeb, e *Forvent) fund {
	ud, er, err := f.ventEffekt(f.sidst(e.Besked), func(x effekt) (bool, bool) { return x.Titel != nil && *x.Titel == e.Titel, x.Titel == nil })
	return titelfund(ud, er, err, e.Titel)
}

func harStadigTitel(f *forloeb, e *Forvent) fund {
	ud, er, err := f.ventEffekt(f.sidst(e.Besked), func(x effekt) (bool, bool) { return x.Titel != nil && *x.Titel == e.Titel, true })
	return titelfund(ud, er, err, e.Titel)
}

func titelfund(ud effekt, er bool, err error, vil string) fund {
	switch {
	case err != nil:
		return intetAf(err)
	case ud.Titel == nil:
		return intet("Effekten siger ikke titel")
	case !er:
		return fejl("Objektets titel er %s; den skulle være %s", vist(*ud.Titel), vist(vil))
	}
	return godt()
}

func leveretEnGang(f *forloeb, e *Forvent) fund {
	d := f.sidst(e.Besked).svar
	switch {
	case f.blind:
		return intetAf(errKanIkke)
	case d.leveringer == 0:
		return intet("Beskeden blev ikke hentet")
	case d.leveringer > 1:
		return fejl("Beskeden blev lagt tilbage i køen og leveret igen")
	}
	return godt()
}

func selvKvitteret(f *forloeb, _ *Forvent) fund {
	for _, s := range f.sendte {
		if s.svar.auto {
			return fejl("Produktet henter med auto-ack: det, det ikke når at gemme, er tabt")
		}
	}
	if f.blind {
		return intetAf(errKanIkke)
	}
	return godt()
}

func svarer(f *forloeb, e *Forvent) fund {
	if !f.sidst(e.Besked).svar.svarede {
		return fejl("Der kom ikke et svar inden for %s", f.p.frist)
	}
	return godt()
}

func svarKorrelation(f *forloeb, e *Forvent) fund {
	s := f.sidst(e.Besked)
	d := s.svar
	switch {
	case !d.svarede:
		return intet("Der kom ikke et svar")
	case d.korrelation != s.korrelation:
		return fejl("Svaret har ikke beskedens correlation-id")
	}
	return godt()
}

// egenKode holds the code of one refusal against those of others: a sender must be able to tell it from them.
func egenKode(f *forloeb, e *Forvent) fund {
	d := f.sidst(e.Besked).svar
	if d.dom != DomAfvist || !d.svarede {
		return intet("Beskeden blev ikke afvist med et svar")
	}
	if x := f.sidst(e.Mod).svar; x.dom == DomAfvist && x.kode == d.kode {
		return fejl("Svaret har samme kode (%s) som afvisningen af en besked med en anden fejl", d.kode)
	}
	return godt()
}

func grund(f *forloeb, e *Forvent) fund {
	d := f.sidst(e.Besked).svar
	switch {
	case d.dom != DomAfvist || !d.svarede:
		return intet("Beskeden blev ikke afvist med et svar")
	case strings.TrimSpace(d.tekst) == "":
		return fejl("Afvisningen siger ikke hvorfor")
	}
	return godt()
}

func svarUdenCPR(f *forloeb, _ *Forvent) fund {
	svarede := false
	for _, s := range f.sendte {
		d := s.svar
		svarede = svarede || d.svarede
		if strings.Contains(d.raa, f.cpr) {
			return fejl("Svaret har partens CPR-nummer")
		}
	}
	if !svarede {
		return intet("Der kom ikke et svar")
	}
	return godt()
}

// kvitteringerFor are the Kvitteringer about a besked with one of the handlinger; none given = all.
func kvitteringerFor(set []*Modtaget, beskedID string, handlinger []string) (ud []*Modtaget) {
	for _, m := range set {
		if m.en("beskedtype") == mox.TypeKvittering && m.en("foraarsagetAf") == beskedID && (handlinger == nil || slices.Contains(handlinger, m.en("handling"))) {
			ud = append(ud, m)
		}
	}
	return ud
}

func begrundelse(m *Modtaget) string {
	var i struct{ Begrundelse string }
	_ = json.Unmarshal(m.Indhold, &i) // a Kvittering need not say why
	return i.Begrundelse
}

func kvitteret(f *forloeb, e *Forvent) fund {
	s := f.sidst(e.Besked)
	l := kvitteringerFor(f.kvittering, s.beskedID, forretning())
	switch {
	case len(l) == 0:
		return fejl("Der kom ingen forretningskvittering (accepteret, afvist eller fejlet) inden for %s", f.p.frist)
	case e.EnAf != nil && !slices.Contains(e.EnAf, l[0].en("handling")):
		return fejl("Kvitteringen siger %s; den skulle sige %s", l[0].en("handling"), strings.Join(e.EnAf, " eller "))
	}
	return godt()
}

func kvitteringFelt(f *forloeb, e *Forvent) fund {
	l := kvitteringerFor(f.kvittering, f.sidst(e.Besked).beskedID, forretning())
	if len(l) == 0 {
		return intet("Der kom ingen forretningskvittering")
	}
	switch v := l[0].en(e.Felt); {
	case v == "":
		return fejl("Kvitteringen har ikke %s", e.Felt)
	case e.EnAf != nil && !slices.Contains(e.EnAf, v):
		return fejl("Kvitteringens %s er %s; den skulle være %s", e.Felt, vist(v), strings.Join(e.EnAf, " eller "))
	}
	return godt()
}

func ingenKvittering(f *forloeb, e *Forvent) fund {
	if len(kvitteringerFor(f.kvittering, f.sidst(e.Besked).beskedID, nil)) > 0 {
		return fejl("Produktet kvitterede for en kvittering: to systemer, der gør det, bliver aldrig færdige")
	}
	return godt()
}

// kvitteringID checks that a Kvittering is a besked of its own.
func kvitteringID(f *forloeb, e *Forvent) fund {
	s := f.sidst(e.Besked)
	l := kvitteringerFor(f.kvittering, s.beskedID, forretning())
	if len(l) == 0 {
		return intet("Der kom ingen forretningskvittering")
	}
	if id := l[0].en("beskedID"); id == "" || id == s.beskedID {
		return fejl("Kvitteringen har ikke sit eget beskedID")
	}
	return godt()
}
