"""What phones that scan a code are told: links that lead on, and a page for people."""
