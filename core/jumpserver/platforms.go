package jumpserver

import (
	"context"
	"time"
)

// missingPlatformTTL is how long platforms are believed where one is missing: a person may be making it.
const missingPlatformTTL = time.Minute

// MissingPlatforms returns those of the platforms' names that no host platform has. Where one is missing the
// platforms are read again, unless that was done within the last minute.
func (c *Client) MissingPlatforms(ctx context.Context, platforms []string) ([]string, error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, err
	}
	missing := f.missingPlatforms(platforms)
	if len(missing) == 0 || c.now().Sub(f.learntAt) < missingPlatformTTL {
		return missing, nil
	}
	if f, err = c.refreshFacts(ctx, f); err != nil {
		return nil, err
	}
	return f.missingPlatforms(platforms), nil
}

func (f *facts) missingPlatforms(platforms []string) []string {
	var missing []string
	for _, name := range platforms {
		if _, there := f.platforms[name]; !there {
			missing = append(missing, name)
		}
	}
	return missing
}
