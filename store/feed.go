package store

import (
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Logpost is a besked's place in the log, as one abonnement sees it. Everything but Tilstand stays what it is for ever, also
// when the besked's content is deleted.
type Logpost struct {
	Nr          int64 // Besked.Nr
	Logposition int64
	BeskedID    mox.BeskedID
	Afsender    string
	Modtaget    time.Time
	Stoerrelse  int64                 // bytes of content
	Tilstand    mox.LeveranceTilstand // of the newest omgang
}

// Log finds the beskeder that the abonnement has a leverance of, at the logpositions after efter and up to til, in their
// order and at most n. It looks at each position once, whoever it is for: what it costs grows with til - efter.
func (tx *Tx) Log(abonnement mox.AbonnementID, efter, til int64, n int) ([]Logpost, error) {
	return all(tx, func(scan func(...any) error) (Logpost, error) {
		var p Logpost
		var modtaget int64
		err := scan(&p.Nr, &p.Logposition, &p.BeskedID, &p.Afsender, &modtaget, &p.Stoerrelse, &p.Tilstand)
		p.Modtaget = driver.Tid(modtaget)
		return p, err
	}, `SELECT b.nr, b.logposition, b.id, b.afsender, b.modtaget, COALESCE(LENGTH(b.indhold), 0), l.tilstand
		FROM besked b JOIN leverance l ON l.besked = b.nr AND l.abonnement = ?
		WHERE b.logposition > ? AND b.logposition <= ?
		AND l.omgang = (SELECT MAX(n.omgang) FROM leverance n WHERE n.besked = b.nr AND n.abonnement = l.abonnement)
		ORDER BY b.logposition LIMIT ?`, string(abonnement), efter, til, n)
}
