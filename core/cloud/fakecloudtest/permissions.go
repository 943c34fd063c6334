package fakecloudtest

// Permissions are the rights that the calls of this package need, sorted.
func Permissions() []string {
	return []string{"fake:ListMachines", "fake:ListRegions", "fake:ShowMachine", "fake:WhoAmI"}
}
