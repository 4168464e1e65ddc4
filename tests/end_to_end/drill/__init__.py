"""The drill of kills: a small project whose commands are killed, run again, and compared with a world without a kill."""
