"""How many dialogues, raters and duels a study needs to find what it looks for; pure."""
