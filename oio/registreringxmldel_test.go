package oio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

// Registreringer that stand in a file of any shape are found one by one, and say what they said.
func TestDelRegistreringer(t *testing.T) {
	t.Parallel()
	id, r := byggesag(t)
	xml, err := oio.MarshalRegistreringXML(mox.Sag, id, r, oio.Koder{})
	if err != nil {
		t.Fatal(err)
	}
	alene := udenXMLErklaering(xml)
	_, _, vil, err := oio.UnmarshalRegistreringXML(xml, oio.Koder{})
	if err != nil {
		t.Fatal(err)
	}
	// The same with its namespaces declared by what stands around it.
	start, resten, _ := bytes.Cut(bytes.TrimSpace(alene), []byte(">"))
	navn, erklaeringer, _ := strings.Cut(string(start), " ")
	laaner := navn + ">" + string(resten)
	for hvad, x := range map[string]struct {
		tekst string
		antal int
	}{
		"én":                        {string(xml), 1},
		"flere i en liste":          {fmt.Sprintf("<?xml version=\"1.0\"?>\n<Liste>\n%s\n<andet a='1'/>%s</Liste>", alene, alene), 2},
		"dybt i noget andet":        {fmt.Sprintf("<a xmlns='urn:x'><b><!-- en sag --><c>%s</c></b>\n<d/>%s</a>", alene, alene), 2},
		"navnerum fra det omkring":  {fmt.Sprintf("<Liste %s>%s%s%s</Liste>", erklaeringer, laaner, laaner, laaner), 3},
		"et navnerum, der skygger":  {fmt.Sprintf("<Liste xmlns='urn:y' xmlns:sd='urn:forkert'><x %s>%s</x></Liste>", erklaeringer, laaner), 1},
		"med byte order mark foran": {"\ufeff" + string(xml), 1},
		"linjeskift i et starttag":  {strings.Replace(string(xml), "RegistreringBesked ", "RegistreringBesked\r\n\t", 1), 1},
	} {
		n := 0
		for s, err := range oio.DelRegistreringer(iotest.OneByteReader(strings.NewReader(x.tekst))) {
			if err != nil {
				t.Errorf("%s: %v", hvad, err)
				break
			}
			type_, fik, ud, err := oio.UnmarshalRegistreringXML(s.Raa, oio.Koder{})
			if err != nil || type_ != mox.Sag || fik != id || indreJSON(t, ud) != indreJSON(t, vil) {
				t.Errorf("%s, linje %d: %v %s", hvad, s.Linje, err, cmp.Diff(indreJSON(t, vil), indreJSON(t, ud)))
			}
			n++
		}
		if n != x.antal {
			t.Errorf("%s: %d, skulle være %d", hvad, n, x.antal)
		}
	}
}

// udenXMLErklaering is a text as it may stand in another.
func udenXMLErklaering(xml []byte) []byte {
	if _, resten, ok := bytes.Cut(xml, []byte("?>")); ok {
		return bytes.TrimSpace(resten)
	}
	return xml
}

func indreJSON(t *testing.T, r mox.Registrering) string {
	t.Helper()
	b, err := oio.MarshalIndre(mox.Sag, r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDelRegistreringerAfviser(t *testing.T) {
	t.Parallel()
	id, r := byggesag(t)
	xml, err := oio.MarshalRegistreringXML(mox.Sag, id, r, oio.Koder{})
	if err != nil {
		t.Fatal(err)
	}
	alene := udenXMLErklaering(xml)
	brudt := errors.New("disken")
	for hvad, x := range map[string]struct {
		r       io.Reader
		foerst  int
		kode    mox.Kode
		egen    error
		siger   string
		sigerej string
	}{
		"ingen registrering":   {r: strings.NewReader("<a/>"), kode: mox.KodeUgyldig, siger: "ingen RegistreringBesked"},
		"intet":                {r: strings.NewReader(""), kode: mox.KodeUgyldig},
		"et fremmed navnerum":  {r: strings.NewReader("<RegistreringBesked xmlns='urn:x'/>"), kode: mox.KodeUgyldig},
		"DTD":                  {r: strings.NewReader("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), kode: mox.KodeUgyldig, siger: "DTD"},
		"en entitet":           {r: strings.NewReader("<a>&hemmelig;</a>"), kode: mox.KodeUgyldig, sigerej: "hemmelig"},
		"afbrudt midt i nr. 2": {r: strings.NewReader("<a>" + string(alene) + string(alene[:len(alene)/2])), foerst: 1, kode: mox.KodeUgyldig},
		"et forkert sluttag":   {r: strings.NewReader("<a>" + string(alene) + "</b>"), foerst: 1, kode: mox.KodeUgyldig},
		"et andet tegnsæt":     {r: strings.NewReader("<?xml version='1.0' encoding='iso-8859-1'?><a/>"), kode: mox.KodeUgyldig},
		"for stor":             {r: io.MultiReader(strings.NewReader(strings.TrimSuffix(strings.TrimSpace(string(alene)), "RegistreringBesked>")+"x>"), strings.NewReader(strings.Repeat("<y/>", oio.MaksBytes/4))), kode: mox.KodeUgyldig},
		"disken brød sammen":   {r: io.MultiReader(strings.NewReader("<a>"+string(alene)), iotest.ErrReader(brudt)), foerst: 1, egen: brudt},
	} {
		n := 0
		var fejl error
		for _, err := range oio.DelRegistreringer(x.r) {
			if err != nil {
				fejl = err
				continue
			}
			n++
		}
		switch {
		case n != x.foerst:
			t.Errorf("%s: %d før fejlen, skulle være %d", hvad, n, x.foerst)
		case x.egen != nil && !errors.Is(fejl, x.egen), x.egen == nil && mox.KodeAf(fejl) != x.kode:
			t.Errorf("%s: %v", hvad, fejl)
		case !strings.Contains(fejl.Error(), x.siger) || x.sigerej != "" && strings.Contains(fejl.Error(), x.sigerej):
			t.Errorf("%s siger %v", hvad, fejl)
		}
	}
}

// One that is over the limit stops before it is all in memory.
func TestDelRegistreringerForStor(t *testing.T) {
	t.Parallel()
	type_, _ := mox.TypeAf(mox.Sag)
	r := io.MultiReader(strings.NewReader("<RegistreringBesked xmlns='"+type_.Skema+"'>"), strings.NewReader(strings.Repeat("<y/>", oio.MaksBytes/4+1)), iotest.ErrReader(errors.New("læste for langt")))
	for _, err := range oio.DelRegistreringer(r) {
		if mox.KodeAf(err) != mox.KodeForStor {
			t.Error(err)
		}
	}
}
