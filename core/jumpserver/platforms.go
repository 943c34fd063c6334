package jumpserver

import (
	"context"
	"time"
)

// missingPlatformTTL is how long platforms are trusted where one is missing: a person may be creating it.
const missingPlatformTTL = time.Minute

// MissingPlatforms returns those names that no host platform has. If one is missing it reads the
// platforms again, unless they are less than a minute old.
func (c *Client) MissingPlatforms(ctx context.Context, platforms []string) ([]string, error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, err
	}
	missing := f.missingPlatforms(platforms)
	if len(missing) == 0 || c.now().Sub(f.learntAt) < missingPlatformTTL {
		return missing, nil
	}
	f, err = c.refreshFacts(ctx, f)
	if err != nil {
		return nil, err
	}
	return f.missingPlatforms(platforms), nil
}

func (f *facts) missingPlatforms(platforms []string) []string {
	var missing []string
	for _, name := range platforms {
		if _, exists := f.platforms[name]; !exists {
			missing = append(missing, name)
		}
	}
	return missing
}
