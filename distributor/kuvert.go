package distributor

import (
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

// Kuvert is the work's besked as the national interface has it: the envelope as it came, or made of what the besked says,
// with this hop added. A registrering in JSON stands there in the XML of its schema. fordeler is this installation's UUID.
// spec: mox 33, mox 35
func (w *Arbejde) Kuvert(k oio.Koder, fordeler string, abonnement mox.AbonnementID, nu time.Time) ([]byte, error) {
	b := oio.MedXML(w.Besked, k)
	kuvert, err := oio.MarshalKuvert(&b, k)
	if err != nil {
		return nil, err
	}
	return oio.MedLeverancerute(kuvert, oio.Leverancerute{Fordelingssystem: fordeler, Modtaget: w.Modtaget, Leveret: nu.UTC(), ModtagetFra: b.Kildesystem,
		Abonnement: abonnement, AntalLeveranceforsoeg: w.Forsoeg})
}
