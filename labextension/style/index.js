import './base.css';
import './chart.css';
import './cells.css';
import './lists.css';
import './badges.css';
import './kernels.css';
