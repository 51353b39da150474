"""The band that plays behind rendered drums."""
