package register

import (
	"context"

	"github.com/moxkit/mox"
)

// Overtag takes an objekt over as another register has it: by [Register.Importer], and when ny is Passiveret it is made so
// here too. What is here already, in that state and with that content, is left as it is, so that a run that was broken off
// can be made again from the beginning.
//
// b is what must hold of the objekt as it is here.
//
// Errors: those of Importer, and [mox.KodeUgyldig] for one that is Slettet, which there is nothing of to take over.
func (r *Register) Overtag(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, b Betingelse, ny mox.Registrering) (Registreret, error) {
	if ny.LivscyklusKode == mox.Slettet {
		return Registreret{}, mox.E("register", mox.KodeUgyldig, "objektet er Slettet, hvor det kommer fra").Med("udelad det, eller slet det også her")
	}
	passiv := ny.LivscyklusKode == mox.Passiveret
	ud, err := r.importer(ctx, hvem, t, id, b, ny, passiv)
	if err != nil || !passiv || ud.Version.LivscyklusKode == mox.Passiveret {
		return ud, err
	}
	return r.Passiver(ctx, hvem, t, id, "", ny.NoteTekst)
}
