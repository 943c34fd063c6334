package azure

import (
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// The services whose APIs are called: Resource Manager, and the directory that gives tokens.
const (
	serviceManager   = "arm"
	serviceDirectory = "login"
)

func services() []string { return []string{serviceManager, serviceDirectory} }

// Regions implements cloud.Lister: the physical locations of the subscription.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions"
	id, err := l.subscriptionID(ctx)
	if err != nil {
		return nil, l.nameError(op, "", err)
	}
	all, err := l.fetchLocations(ctx, id)
	if err != nil {
		return nil, l.nameError(op, "", err)
	}
	var names []string
	for _, one := range all {
		if one.physical {
			names = append(names, one.name)
		}
	}
	if len(names) == 0 {
		return nil, l.newError(inventory.Incomplete, op, "no physical location is named")
	}
	slices.Sort(names)
	return names, nil
}

func (l *lister) fetchLocations(ctx context.Context, subscription string) ([]location, error) {
	return readPages(ctx, l, "list locations", func(one location) string { return one.name }, listOfSubscription(l.api.listLocations, subscription))
}

// locationName returns a location in today's form: old resources have "East US".
func locationName(location string) string {
	return strings.ToLower(strings.ReplaceAll(location, " ", ""))
}
