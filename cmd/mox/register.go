package main

import "github.com/spf13/cobra"

func (e *env) register() *cobra.Command {
	c := &cobra.Command{Use: "register", Short: "Pas på personers oplysninger i registeret"}
	s := e.serverFlag(c)
	c.AddCommand(s.registerBrug(), s.registerBeskyttelse("beskyt", "Skjul, hvilke objekter der nævner en person med beskyttet navn og adresse"),
		s.registerBeskyttelse("ophaev", "Ophæv en persons beskyttelse"), s.registerIndsigt())
	return c
}
