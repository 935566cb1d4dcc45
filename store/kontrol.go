package store

import (
	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Kontrolpost is a besked with all that must agree in it.
type Kontrolpost struct {
	Besked
	Kaede    []byte
	UdenMeta bool  // the metadata have been deleted
	MetaFejl error // the metadata cannot be read
	kolonner beskedkolonner
}

// beskedkolonner are the columns that repeat what the metadata say, so that it can be searched.
type beskedkolonner struct {
	id, type_, objektID, objekttype, livscyklus, kildesystem, foraarsagetAf string
	gyldigTil, registreringstid                                             int64
}

// Stemmer reports whether the columns that are searched say the same as the metadata.
func (k *Kontrolpost) Stemmer() bool {
	b := &k.Besked.Besked
	return k.kolonner == beskedkolonner{string(b.ID), b.Type, string(b.ObjektID), string(b.ObjektType), string(b.LivscyklusKode), b.Kildesystem, string(b.ForaarsagetAf),
		driver.Micro(b.GyldigTil), driver.Micro(b.Registreringstid)}
}

// Navn is the beskedID as the row has it, also when the metadata are gone.
func (k *Kontrolpost) Navn() mox.BeskedID { return mox.BeskedID(k.kolonner.id) }

func scanKontrolpost(scan func(...any) error) (k Kontrolpost, err error) {
	c := &k.kolonner
	meta, err := k.scanRaa(scan, &k.Kaede, &c.id, &c.type_, &c.objektID, &c.objekttype, &c.livscyklus, &c.kildesystem, &c.foraarsagetAf, &c.gyldigTil, &c.registreringstid)
	if err != nil {
		return k, err
	}
	if k.UdenMeta = meta == nil; !k.UdenMeta {
		k.MetaFejl = udpakMetadata(*meta, &k.Besked.Besked)
	}
	return k, nil
}

const kontrolKolonner = beskedKolonner + `, b.kaede, b.id, b.type, b.objekt_id, b.objekttype, b.livscyklus, b.kildesystem, b.foraarsaget_af, b.gyldig_til, b.registreringstid`

// Kontrolposter are the beskeder after a logposition, in the order of the log, at most n.
func (tx *Tx) Kontrolposter(efter int64, n int) ([]Kontrolpost, error) {
	return all(tx, scanKontrolpost, `SELECT `+kontrolKolonner+` FROM besked b WHERE b.logposition > ? ORDER BY b.logposition LIMIT ?`, efter, n)
}

// KontrolposterUdenPosition are the beskeder after a number that have no place in the log yet, at most n.
func (tx *Tx) KontrolposterUdenPosition(efter int64, n int) ([]Kontrolpost, error) {
	return all(tx, scanKontrolpost, `SELECT `+kontrolKolonner+` FROM besked b WHERE b.logposition IS NULL AND b.nr > ? ORDER BY b.nr LIMIT ?`, efter, n)
}
