package app

import (
	"context"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
)

// laesAftaler reads mox.yaml and the agreements it names again. Where MOX was started with none, it is refused: what nobody
// needed a right to then would go on.
func (a *App) laesAftaler() (mox.Aftaler, error) {
	c, err := LaesConfig(a.config.Dir)
	if err != nil {
		return nil, err
	}
	if (len(c.Aftaler) == 0) != (len(a.config.Aftaler) == 0) {
		return nil, mox.E("aftaler", mox.KodeKonflikt, "om der er tilslutningsaftaler, afgøres, når MOX starter").Med("genstart mox serve")
	}
	return c.laesAftaler()
}

// IndlaesAftaler reads the agreements again and holds everybody to what they now say. Where they have errors, those before
// hold on.
func (a *App) IndlaesAftaler(ctx context.Context, h distributor.Hvem) error {
	aftaler, err := a.laesAftaler()
	if err != nil {
		return err
	}
	return a.distributor.SaetAftaler(ctx, aftaler, h)
}
